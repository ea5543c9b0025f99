package io.aicoder.finetune.log;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;

/**
 * An event of TensorBoard: the message {@code tensorflow.Event} in Protocol Buffers' wire form, in
 * the frame of a TFRecord.
 *
 * <p>Of the message, four fields are needed: {@code wall_time = 1}, {@code step = 2} and one of
 * {@code file_version = 3}, {@code summary = 5} and {@code session_log = 7}.
 */
final class TensorBoardEvent {

  private static final int VARINT = 0;
  private static final int FIXED64 = 1;
  private static final int BYTES = 2;
  private static final int FIXED32 = 5;

  /** {@code tensorflow.SessionLog.START}. */
  private static final int START = 1;

  private final ByteArrayOutputStream head;
  private final ByteArrayOutputStream summary = new ByteArrayOutputStream();

  /** Begins an event of scalars. */
  TensorBoardEvent(double wallTime, long step) {
    head = head(wallTime, step);
  }

  private static ByteArrayOutputStream head(double wallTime, long step) {
    ByteArrayOutputStream event = new ByteArrayOutputStream();
    tag(event, 1, FIXED64);
    event.writeBytes(little(8).putDouble(wallTime).array());
    if (step != 0) { // as Protocol Buffers leave a zero out
      tag(event, 2, VARINT);
      varint(event, step);
    }
    return event;
  }

  /** Returns the record that every file begins with. */
  static byte[] version(double wallTime) {
    ByteArrayOutputStream event = head(wallTime, 0);
    bytes(event, 3, "brain.Event:2".getBytes(StandardCharsets.UTF_8));
    return framed(event.toByteArray());
  }

  /** Returns the record by which TensorBoard forgets events from a step on, of earlier files. */
  static byte[] restart(double wallTime, long step) {
    ByteArrayOutputStream log = new ByteArrayOutputStream();
    tag(log, 1, VARINT);
    varint(log, START);
    ByteArrayOutputStream event = head(wallTime, step);
    bytes(event, 7, log.toByteArray());
    return framed(event.toByteArray());
  }

  /** Adds a scalar. */
  TensorBoardEvent add(String name, double value) {
    ByteArrayOutputStream scalar = new ByteArrayOutputStream();
    bytes(scalar, 1, name.getBytes(StandardCharsets.UTF_8));
    tag(scalar, 2, FIXED32);
    scalar.writeBytes(little(4).putFloat((float) value).array());
    bytes(summary, 1, scalar.toByteArray());
    return this;
  }

  /** Returns the record of the scalars. */
  byte[] record() {
    bytes(head, 5, summary.toByteArray());
    return framed(head.toByteArray());
  }

  private static void tag(ByteArrayOutputStream out, int field, int type) {
    varint(out, (long) field << 3 | type);
  }

  private static void varint(ByteArrayOutputStream out, long value) {
    long left = value;
    while ((left & ~0x7FL) != 0) {
      out.write((int) (left & 0x7F | 0x80));
      left >>>= 7;
    }
    out.write((int) left);
  }

  private static void bytes(ByteArrayOutputStream out, int field, byte[] value) {
    tag(out, field, BYTES);
    varint(out, value.length);
    out.writeBytes(value);
  }

  /** A TFRecord: the length, its check sum, the data, their check sum. */
  private static byte[] framed(byte[] data) {
    byte[] length = little(Long.BYTES).putLong(data.length).array();
    return little(Long.BYTES + Integer.BYTES + data.length + Integer.BYTES)
        .put(length)
        .putInt(maskedChecksum(length))
        .put(data)
        .putInt(maskedChecksum(data))
        .array();
  }

  /** Masked, because a check sum over data that holds check sums says little. */
  private static int maskedChecksum(byte[] data) {
    CRC32C crc = new CRC32C();
    crc.update(data);
    int value = (int) crc.getValue();
    return Integer.rotateRight(value, 15) + 0xa282ead8;
  }

  private static ByteBuffer little(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
