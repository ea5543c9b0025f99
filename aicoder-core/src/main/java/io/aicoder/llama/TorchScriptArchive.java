package io.aicoder.llama;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Packs TorchScript source into the archive that libtorch loads: a ZIP of stored entries with the
 * source as text and a pickle of one object and its attributes (PyTorch's serialization format 3).
 */
final class TorchScriptArchive {

  private static final String FOLDER = "aicoder/";

  /** The main module. */
  static final String MODULE = "__torch__";

  private TorchScriptArchive() {}

  /**
   * Writes an archive.
   *
   * @param out where to; stays open
   * @param sources by module: the main one, {@value #MODULE}, which holds the class, and those it
   *     names, such as {@code __torch__.linear}
   * @param className the class of the one object
   * @param attributes its attributes: {@code Boolean}, {@code Integer}, {@code Double}, {@code
   *     String}, a {@code Map<String, Double>} or {@link EmptyContainer}
   * @throws IOException when {@code out} fails
   */
  static void write(
      OutputStream out,
      Map<String, String> sources,
      String className,
      Map<String, Object> attributes)
      throws IOException {
    ZipOutputStream zip = new ZipOutputStream(out);
    store(zip, "data.pkl", object(className, attributes));
    for (Map.Entry<String, String> source : sources.entrySet()) {
      store(
          zip,
          "code/" + source.getKey().replace('.', '/') + ".py",
          source.getValue().getBytes(StandardCharsets.UTF_8));
    }
    store(zip, "constants.pkl", emptyTuple());
    store(zip, "version", "3\n".getBytes(StandardCharsets.UTF_8));
    store(zip, "byteorder", "little".getBytes(StandardCharsets.UTF_8));
    zip.finish();
  }

  /**
   * An empty container as the value of an attribute.
   *
   * @param type its TorchScript type, such as {@code List[Tensor]}
   */
  record EmptyContainer(String type) {}

  private static void store(ZipOutputStream zip, String name, byte[] content) throws IOException {
    CRC32 crc = new CRC32();
    crc.update(content);
    ZipEntry entry = new ZipEntry(FOLDER + name);
    entry.setMethod(ZipEntry.STORED);
    entry.setSize(content.length);
    entry.setCrc(crc.getValue());
    zip.putNextEntry(entry);
    zip.write(content);
    zip.closeEntry();
  }

  private static byte[] emptyTuple() {
    return new byte[] {(byte) 0x80, 2, ')', '.'};
  }

  /** Pickles {@code className.__new__()} with its attributes set by BUILD. */
  private static byte[] object(String className, Map<String, Object> attributes)
      throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream pickle = new DataOutputStream(bytes);
    pickle.write(new byte[] {(byte) 0x80, 2});
    global(pickle, MODULE, className);
    pickle.write(')'); // EMPTY_TUPLE
    pickle.write(0x81); // NEWOBJ
    pickle.write('}'); // EMPTY_DICT
    pickle.write('('); // MARK
    for (Map.Entry<String, Object> attribute : attributes.entrySet()) {
      text(pickle, attribute.getKey());
      value(pickle, attribute.getValue());
    }
    pickle.write('u'); // SETITEMS
    pickle.write('b'); // BUILD
    pickle.write('.'); // STOP
    return bytes.toByteArray();
  }

  private static void value(DataOutputStream pickle, Object value) throws IOException {
    if (value instanceof Boolean flag) {
      pickle.write(flag ? 0x88 : 0x89); // NEWTRUE, NEWFALSE
    } else if (value instanceof Integer number) {
      pickle.write('J'); // BININT, little-endian
      pickle.writeInt(Integer.reverseBytes(number));
    } else if (value instanceof Double number) {
      pickle.write('G'); // BINFLOAT, big-endian
      pickle.writeDouble(number);
    } else if (value instanceof String string) {
      text(pickle, string);
    } else if (value instanceof EmptyContainer container) {
      container(pickle, container.type(), Map.of());
    } else if (value instanceof Map<?, ?> numbers) {
      container(pickle, "Dict[str, float]", numbers);
    } else {
      throw new IllegalArgumentException("no pickle form for " + value.getClass());
    }
  }

  /** Pickles {@code restore_type_tag([] or {…}, type)}. */
  private static void container(DataOutputStream pickle, String type, Map<?, ?> items)
      throws IOException {
    global(pickle, "torch.jit._pickle", "restore_type_tag");
    pickle.write('('); // MARK
    pickle.write(type.startsWith("Dict[") ? '}' : ']'); // EMPTY_DICT, EMPTY_LIST
    if (!items.isEmpty()) {
      pickle.write('('); // MARK
      for (Map.Entry<?, ?> item : items.entrySet()) {
        value(pickle, item.getKey());
        value(pickle, item.getValue());
      }
      pickle.write('u'); // SETITEMS
    }
    text(pickle, type);
    pickle.write('t'); // TUPLE
    pickle.write('R'); // REDUCE
  }

  private static void global(DataOutputStream pickle, String module, String name)
      throws IOException {
    pickle.write('c');
    pickle.write((module + "\n" + name + "\n").getBytes(StandardCharsets.UTF_8));
  }

  private static void text(DataOutputStream pickle, String text) throws IOException {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    pickle.write('X'); // BINUNICODE, length little-endian
    pickle.writeInt(Integer.reverseBytes(utf8.length));
    pickle.write(utf8);
  }
}
