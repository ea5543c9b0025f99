package io.aicoder.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Writes a safetensors file, the numbers of one tensor after the other, so that no tensor need fit
 * into memory.
 *
 * <p>Not thread-safe; who made it closes it.
 */
public final class SafeTensorsWriter implements AutoCloseable {

  /** Headers are filled with spaces to a multiple of this, so that numbers lie aligned. */
  private static final int ALIGNMENT = 8;

  private final FileChannel channel;
  private final long end;

  /**
   * Creates a file and writes its header.
   *
   * @param file must not be there yet
   * @param tensors what will be written, in this order; only names, types and shapes matter
   * @throws IOException when it cannot be written
   */
  public SafeTensorsWriter(Path file, List<StoredTensor> tensors) throws IOException {
    List<SafeTensorsHeader.Tensor> entries = new ArrayList<>();
    long bytes = 0;
    for (StoredTensor tensor : tensors) {
      entries.add(
          new SafeTensorsHeader.Tensor(
              tensor.name(), tensor.type().name(), tensor.shape(), tensor.bytes()));
      bytes += tensor.bytes();
    }
    byte[] header = SafeTensorsHeader.of(Map.of("format", "pt"), entries, ALIGNMENT);
    channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    end = header.length + bytes;
    write(ByteBuffer.wrap(header));
  }

  /**
   * Writes the next bytes.
   *
   * @throws IOException when the disk is full or fails
   */
  public void write(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  /** Copies the bytes of a stored tensor. */
  void copy(StoredTensor tensor) throws IOException {
    try (FileChannel source = FileChannel.open(tensor.file(), StandardOpenOption.READ)) {
      long left = tensor.bytes();
      while (left > 0) {
        long copied = source.transferTo(tensor.offset() + tensor.bytes() - left, left, channel);
        if (copied <= 0) {
          throw new IOException(tensor.file() + " ended early");
        }
        left -= copied;
      }
    }
  }

  /**
   * Sees that everything is there and on the disk.
   *
   * @throws IOException when bytes are missing, or the disk is full or fails
   */
  public void finish() throws IOException {
    if (channel.position() != end) {
      throw new IOException("wrote " + channel.position() + " of " + end + " bytes");
    }
    channel.force(true);
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }

  /** Divides tensors among files of at most so many bytes, or of one larger tensor. */
  static List<List<StoredTensor>> shards(List<StoredTensor> tensors, long bytes) {
    List<List<StoredTensor>> shards = new ArrayList<>();
    long filled = 0;
    for (StoredTensor tensor : tensors) {
      if (shards.isEmpty() || filled + tensor.bytes() > bytes) {
        shards.add(new ArrayList<>());
        filled = 0;
      }
      shards.get(shards.size() - 1).add(tensor);
      filled += tensor.bytes();
    }
    return shards;
  }
}
