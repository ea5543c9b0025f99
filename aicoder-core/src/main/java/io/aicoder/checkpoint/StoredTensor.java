package io.aicoder.checkpoint;

import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import java.nio.file.Path;
import java.util.List;

/**
 * Where a tensor lies: checked against the file's length, not yet read.
 *
 * @param name its name in the file
 * @param file the safetensors file
 * @param type its number format
 * @param shape its shape
 * @param offset where its bytes begin, from the start of the file
 */
public record StoredTensor(String name, Path file, StoredType type, List<Long> shape, long offset) {

  /** Copies the shape. */
  public StoredTensor {
    shape = List.copyOf(shape);
  }

  /** Returns the same numbers under another name. */
  StoredTensor named(String other) {
    return new StoredTensor(other, file, type, shape, offset);
  }

  /** Returns how many numbers it holds. */
  public long count() {
    return shape.stream().reduce(1L, Math::multiplyExact);
  }

  /** Returns how many bytes it takes. */
  public long bytes() {
    return Math.multiplyExact(count(), (long) type.bytes());
  }

  /**
   * Reads its numbers, widened to single precision.
   *
   * @throws AiCoderException when the file cannot be read, or an array cannot hold so many
   */
  public float[] values() {
    return TensorValues.read(this);
  }

  /** Whether the offset divides by the number size, so that the file can be mapped as this type. */
  public boolean aligned() {
    return offset % type.bytes() == 0;
  }

  /** Whether another matrix of as many columns and the same type lies right behind in the file. */
  public boolean isFollowedBy(StoredTensor next) {
    return file.equals(next.file)
        && type == next.type
        && offset + bytes() == next.offset
        && shape.size() == 2
        && next.shape.size() == 2
        && shape.get(1).equals(next.shape.get(1));
  }

  /** Returns this matrix and the one that {@linkplain #isFollowedBy follows} it as one. */
  public StoredTensor joinedWith(StoredTensor next) {
    return new StoredTensor(
        name + " + " + next.name,
        file,
        type,
        List.of(shape.get(0) + next.shape.get(0), shape.get(1)),
        offset);
  }

  /**
   * Checks that the file still holds the tensor, right before it is mapped: reading a mapping past
   * the end of its file ends the JVM.
   *
   * @throws AiCoderException when the file was shortened since it was opened
   */
  public void requirePresent() {
    long length = file.toFile().length();
    if (length < offset + bytes()) {
      throw new AiCoderException(
          ErrorCategory.CHECKPOINT,
          "%s: was shortened to %d bytes while it was read, tensor %s ends at %d: load it when nothing writes to it"
              .formatted(file, length, name, offset + bytes()));
    }
  }
}
