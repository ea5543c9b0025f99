package io.aicoder.checkpoint;

import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * A SHA-256 that tells model files apart without reading all of a large one: files up to 64 MiB
 * whole, larger ones by their length and 1,024 evenly spaced blocks of 64 KiB, the first (which
 * holds the header) and the last among them.
 */
final class Fingerprint {

  private static final int BLOCK = 64 << 10;
  private static final long BLOCKS = 1024;

  private final MessageDigest digest;

  Fingerprint() {
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  Fingerprint add(Path file) {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      long size = channel.size();
      digest.update(ByteBuffer.allocate(8).putLong(size).flip());
      long last = Math.max(0, size - BLOCK);
      if (size <= BLOCKS * BLOCK) {
        for (long at = 0; at < size; at += BLOCK) {
          update(channel, at);
        }
      } else {
        for (long block = 0; block < BLOCKS; block++) {
          update(channel, last / (BLOCKS - 1) * block);
        }
        update(channel, last);
      }
      return this;
    } catch (IOException e) {
      throw new AiCoderException(
          ErrorCategory.CHECKPOINT, file + ": cannot be read (" + e.getMessage() + ")", e);
    }
  }

  private void update(FileChannel channel, long at) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(BLOCK);
    while (buffer.hasRemaining() && channel.read(buffer, at + buffer.position()) >= 0) {
      // Reads until the block is full or the file ends.
    }
    digest.update(buffer.flip());
  }

  String hex() {
    return HexFormat.of().formatHex(digest.digest());
  }
}
