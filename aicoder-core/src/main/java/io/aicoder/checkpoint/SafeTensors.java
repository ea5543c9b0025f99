package io.aicoder.checkpoint;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads the header of a safetensors file: 8 bytes of length, a JSON object of tensors, the data.
 *
 * <p>Everything is checked against the file's real length here, because reading a memory mapping
 * past the end of its file would end the JVM.
 */
public final class SafeTensors {

  /** A hundred times what a large Llama's takes; the format's own limit would fill a heap. */
  private static final long LARGEST_HEADER = 16L << 20;

  private static final long MOST_TOKENS = 2_000_000;

  private static final ObjectMapper MAPPER =
      new ObjectMapper(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder().maxTokenCount(MOST_TOKENS).build())
                  .build())
          .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION);

  private SafeTensors() {}

  /**
   * Returns the file's tensors by name, in the order of its header.
   *
   * @throws AiCoderException when the file is damaged
   */
  public static Map<String, StoredTensor> read(Path file) {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      long size = channel.size();
      if (size < 8) {
        throw damaged(file, "is " + size + " bytes long: no safetensors header fits");
      }
      long header = read(channel, 0, 8).getLong();
      if (header < 2 || header > Math.min(LARGEST_HEADER, size - 8)) {
        throw damaged(file, "is truncated or not safetensors: its header would take " + header);
      }
      JsonNode root = MAPPER.readTree(read(channel, 8, (int) header).array());
      if (root == null || !root.isObject()) {
        throw damaged(file, "has a header that is not a JSON object");
      }
      Map<String, StoredTensor> tensors = new LinkedHashMap<>();
      for (Map.Entry<String, JsonNode> entry : root.properties()) {
        if (!entry.getKey().equals("__metadata__")) {
          tensors.put(entry.getKey(), tensor(file, entry, 8 + header, size));
        }
      }
      checkOverlap(file, tensors);
      return tensors;
    } catch (JsonProcessingException e) {
      throw new AiCoderException(
          ErrorCategory.CHECKPOINT,
          file
              + ": has a header that is not valid JSON ("
              + e.getOriginalMessage()
              + "): download it again",
          e);
    } catch (IOException e) {
      throw new AiCoderException(
          ErrorCategory.CHECKPOINT, file + ": cannot be read (" + e.getMessage() + ")", e);
    }
  }

  private static ByteBuffer read(FileChannel channel, long at, int count) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(count).order(ByteOrder.LITTLE_ENDIAN);
    while (buffer.hasRemaining()) {
      if (channel.read(buffer, at + buffer.position()) < 0) {
        throw new IOException("the file ended early");
      }
    }
    return buffer.flip();
  }

  private static StoredTensor tensor(
      Path file, Map.Entry<String, JsonNode> entry, long dataStart, long fileSize) {
    String name = entry.getKey();
    JsonNode value = entry.getValue();
    if (!value.path("dtype").isTextual()) {
      throw damaged(file, "tensor " + name + ": dtype is missing");
    }
    StoredType type = type(file, name, value.get("dtype").textValue());
    List<Long> shape = new ArrayList<>();
    for (JsonNode dimension : value.path("shape")) {
      if (!isLong(dimension) || dimension.longValue() < 0) {
        throw damaged(file, "tensor " + name + ": shape " + value.path("shape"));
      }
      shape.add(dimension.longValue());
    }
    JsonNode offsets = value.path("data_offsets");
    if (!value.path("shape").isArray()
        || offsets.size() != 2
        || !isLong(offsets.path(0))
        || !isLong(offsets.path(1))) {
      throw damaged(file, "tensor " + name + ": shape or data_offsets is missing");
    }
    long begin = offsets.path(0).asLong();
    long end = offsets.path(1).asLong();
    if (begin < 0 || end < begin || end > fileSize - dataStart) {
      throw damaged(
          file,
          "is truncated: tensor %s ends at byte %d of the data, the file holds %d"
              .formatted(name, end, fileSize - dataStart));
    }
    StoredTensor tensor = new StoredTensor(name, file, type, shape, dataStart + begin);
    if (bytesOf(file, tensor) != end - begin) {
      throw damaged(
          file,
          "tensor " + name + ": shape " + shape + " does not fit its " + (end - begin) + " bytes");
    }
    return tensor;
  }

  private static boolean isLong(JsonNode number) {
    return number.isIntegralNumber() && number.canConvertToLong();
  }

  private static long bytesOf(Path file, StoredTensor tensor) {
    try {
      return tensor.bytes();
    } catch (ArithmeticException e) {
      throw damaged(
          file, "tensor " + tensor.name() + ": shape " + tensor.shape() + " is too large");
    }
  }

  private static StoredType type(Path file, String name, String dtype) {
    for (StoredType type : StoredType.values()) {
      if (type.name().equals(dtype)) {
        return type;
      }
    }
    throw new AiCoderException(
        ErrorCategory.CHECKPOINT,
        "%s: tensor %s has dtype %s, which is not supported (supported: BF16, F16, F32): convert the checkpoint to one of these"
            .formatted(file, name, dtype));
  }

  private static void checkOverlap(Path file, Map<String, StoredTensor> tensors) {
    List<StoredTensor> sorted = new ArrayList<>(tensors.values());
    // An empty tensor may begin where another does, and comes before it then.
    sorted.sort(
        Comparator.comparingLong(StoredTensor::offset).thenComparingLong(StoredTensor::bytes));
    for (int i = 1; i < sorted.size(); i++) {
      StoredTensor before = sorted.get(i - 1);
      if (before.offset() + before.bytes() > sorted.get(i).offset()) {
        throw damaged(
            file, "tensors " + before.name() + " and " + sorted.get(i).name() + " overlap");
      }
    }
  }

  private static AiCoderException damaged(Path file, String problem) {
    return new AiCoderException(
        ErrorCategory.CHECKPOINT, file + ": " + problem + ": download the file again");
  }
}
