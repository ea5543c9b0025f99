package io.aicoder.finetune.data;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.io.JsonEOFException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;

/**
 * A file of JSON objects, read one after the other: JSON lines or one JSON array, gzipped or not,
 * which its first bytes tell.
 */
final class RecordFile implements AutoCloseable {

  private static final int GZIP_MAGIC = 0x1F8B;
  private static final int BUFFER = 1 << 16;

  /** Where Jackson, in the middle of a sentence, tells a place as it does in a stack trace. */
  private static final Pattern SOURCE =
      Pattern.compile("\\[Source: [^\\]]*?; (line: \\d+, column: \\d+)]");

  private static final JsonMapper JSON =
      JsonMapper.builder()
          // Python writes NaN and Infinity into what it calls JSON.
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
          .build();

  private final Path file;
  private final FileChannel channel;
  private final JsonParser parser;
  private boolean inArray;

  /** Where the record that is read begins, or the last one ended. */
  private int line = 1;

  private boolean inRecord;

  private RecordFile(Path file, FileChannel channel, JsonParser parser) {
    this.file = file;
    this.channel = channel;
    this.parser = parser;
  }

  /**
   * Opens a file.
   *
   * @throws AiCoderException (INPUT) when it does not exist, cannot be read, or is of a format that
   *     is no JSON
   */
  static RecordFile open(Path file) {
    try {
      FileChannel channel = FileChannel.open(file);
      try {
        InputStream plain = plain(channel);
        OtherFormat.refuse(file, plain);
        return new RecordFile(file, channel, JSON.createParser(plain));
      } catch (IOException | AiCoderException e) {
        channel.close();
        throw e;
      }
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  /** Returns how many bytes a file has, as it lies on the disk. */
  static long size(Path file) {
    try {
      return Files.size(file);
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  private static InputStream plain(FileChannel channel) throws IOException {
    BufferedInputStream bytes = new BufferedInputStream(Channels.newInputStream(channel), BUFFER);
    bytes.mark(2);
    int magic = bytes.read() << 8 | bytes.read();
    bytes.reset();
    return magic == GZIP_MAGIC
        ? new BufferedInputStream(new GZIPInputStream(bytes, BUFFER), BUFFER)
        : bytes;
  }

  private static AiCoderException unreadable(Path file, IOException e) {
    String problem = "cannot be read (" + e + "); check the path and that the file is whole";
    if (e instanceof NoSuchFileException) {
      problem = "does not exist; check the path";
    } else if (e instanceof AccessDeniedException) {
      problem = "must not be read; check the file's permissions";
    } else if (e instanceof EOFException || e instanceof ZipException) {
      problem = "is gzipped and damaged or cut off (" + e.getMessage() + "); copy it again";
    } else if (Files.isDirectory(file)) {
      problem = "is a folder; name its files";
    }
    return new AiCoderException(ErrorCategory.INPUT, file + ": " + problem, e);
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
      if (!inRecord && place != null && !(e instanceof JsonEOFException)) {
        line = place.getLineNr();
      }
      throw new RecordSource(file, line)
          .refuse(
              "is not JSON (" + problem(e) + ")",
              "write one JSON object a line, or one JSON array",
              e);
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  /** Says what is wrong, and where when that is in a later line than the record begins in. */
  private String problem(JsonProcessingException e) {
    String message = SOURCE.matcher(e.getOriginalMessage()).replaceAll("$1");
    JsonLocation place = e.getLocation();
    if (e instanceof JsonEOFException) {
      return message + ": it is cut off";
    }
    return place == null || place.getLineNr() <= line
        ? message
        : message + ", in line " + place.getLineNr() + ", column " + place.getColumnNr();
  }

  private JsonRecord record() throws IOException {
    line = parser.currentTokenLocation().getLineNr();
    RecordSource source = new RecordSource(file, line);
    inRecord = true;
    JsonNode node = parser.readValueAsTree();
    inRecord = false;
    line = parser.currentLocation().getLineNr();
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
