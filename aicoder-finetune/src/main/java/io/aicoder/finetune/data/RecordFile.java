package io.aicoder.finetune.data;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;

/**
 * A file of JSON objects, read one after the other: JSON lines or one JSON array, gzipped or not,
 * which its first bytes tell.
 */
final class RecordFile implements AutoCloseable {

  private static final int GZIP_MAGIC = 0x1F8B;
  private static final int BUFFER = 1 << 16;

  private static final JsonMapper JSON =
      JsonMapper.builder()
          // Python writes NaN and Infinity into what it calls JSON.
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
          .build();

  private final Path file;
  private final FileChannel channel;
  private final JsonParser parser;
  private boolean inArray;

  private RecordFile(Path file, FileChannel channel, JsonParser parser) {
    this.file = file;
    this.channel = channel;
    this.parser = parser;
  }

  /**
   * Opens a file.
   *
   * @throws AiCoderException (INPUT) when it cannot be read
   */
  static RecordFile open(Path file) {
    try {
      FileChannel channel = FileChannel.open(file);
      try {
        return new RecordFile(file, channel, JSON.createParser(plain(channel)));
      } catch (IOException e) {
        channel.close();
        throw e;
      }
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  private static InputStream plain(FileChannel channel) throws IOException {
    BufferedInputStream bytes = new BufferedInputStream(Channels.newInputStream(channel), BUFFER);
    bytes.mark(2);
    int magic = bytes.read() << 8 | bytes.read();
    bytes.reset();
    return magic == GZIP_MAGIC ? new GZIPInputStream(bytes, BUFFER) : bytes;
  }

  private static AiCoderException unreadable(Path file, IOException e) {
    return new AiCoderException(
        ErrorCategory.INPUT,
        file + ": cannot be read (" + e + "); check the path and that the file is whole",
        e);
  }

  /**
   * Reads the next record.
   *
   * @return the record, or {@code null} at the end
   * @throws AiCoderException (INPUT) when the file is damaged or holds something else
   */
  @Nullable JsonRecord next() {
    try {
      JsonToken token = parser.nextToken();
      if (token == JsonToken.START_ARRAY && !inArray) {
        inArray = true;
        token = parser.nextToken();
      }
      if (token == JsonToken.END_ARRAY) {
        inArray = false;
        return next();
      }
      return token == null ? null : record();
    } catch (JsonProcessingException e) {
      JsonLocation place = e.getLocation();
      throw new RecordSource(file, place == null ? 1 : place.getLineNr())
          .refuse(
              "is not JSON (" + e.getOriginalMessage() + ")",
              "write one JSON object a line, or one JSON array",
              e);
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  private JsonRecord record() throws IOException {
    RecordSource source = new RecordSource(file, parser.currentTokenLocation().getLineNr());
    JsonNode node = parser.readValueAsTree();
    if (!node.isObject()) {
      throw source.refuse(
          "is a JSON " + JsonRecord.kind(node), "write one JSON object a line", null);
    }
    return new JsonRecord(source, "", node);
  }

  /** Returns how many bytes of the file, as it lies on the disk, have been read. */
  long bytesRead() {
    try {
      return channel.position();
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  @Override
  public void close() {
    try {
      parser.close();
      channel.close();
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }
}
