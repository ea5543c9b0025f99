package io.aicoder.finetune.state;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a checkpoint's directory must hold: its files with their lengths and SHA-256.
 *
 * @param step the step after which it was written
 * @param score how good the model was then, or {@code null}
 * @param files the files by their names
 */
record Manifest(
    @JsonProperty("step") long step,
    @JsonProperty("score") @Nullable Double score,
    @JsonProperty("files") Map<String, Entry> files) {

  static final String NAME = "checkpoint.json";

  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  /** What is known of a file. */
  record Entry(@JsonProperty("bytes") long bytes, @JsonProperty("sha256") String sha256) {}

  /** The manifest as it stands in its file, with a digest of itself. */
  private record Signed(
      @JsonProperty("checkpoint") Manifest checkpoint, @JsonProperty("sha256") String sha256) {}

  /** Reads the files of a directory that is complete but for the manifest. */
  static Manifest of(Path directory, long step, @Nullable Double score) throws IOException {
    Map<String, Entry> files = new LinkedHashMap<>();
    List<Path> paths;
    try (Stream<Path> all = Files.walk(directory)) {
      paths = all.filter(Files::isRegularFile).sorted().toList();
    }
    for (Path path : paths) {
      String name = directory.relativize(path).toString().replace('\\', '/');
      files.put(name, new Entry(Files.size(path), sha256(path)));
    }
    return new Manifest(step, score, files);
  }

  void write(Path directory) throws IOException {
    Files.write(
        directory.resolve(NAME),
        MAPPER.writerWithDefaultPrettyPrinter().writeValueAsBytes(new Signed(this, digest())));
  }

  private String digest() throws JsonProcessingException {
    return hex(sha256().digest(MAPPER.writeValueAsString(this).getBytes(StandardCharsets.UTF_8)));
  }

  /**
   * Reads a manifest.
   *
   * @throws DamagedCheckpointException when it is missing or other than it was written
   * @throws IOException when the disk fails
   */
  static Manifest read(Path directory, long step) throws IOException, DamagedCheckpointException {
    Path file = directory.resolve(NAME);
    if (!Files.isRegularFile(file)) {
      throw new DamagedCheckpointException("has no " + NAME);
    }
    Signed signed;
    try {
      signed = MAPPER.readValue(Files.readAllBytes(file), Signed.class);
    } catch (JsonProcessingException e) {
      throw new DamagedCheckpointException("has a damaged " + NAME);
    }
    Manifest manifest = signed.checkpoint;
    if (!manifest.digest().equals(signed.sha256) || manifest.step != step) {
      throw new DamagedCheckpointException("has a damaged " + NAME);
    }
    return manifest;
  }

  /**
   * Checks all files.
   *
   * @throws DamagedCheckpointException when one is missing or other than it was written
   * @throws IOException when the disk fails
   */
  void verify(Path directory) throws IOException, DamagedCheckpointException {
    for (Map.Entry<String, Entry> entry : files.entrySet()) {
      check(directory.resolve(entry.getKey()), entry.getKey(), entry.getValue());
    }
  }

  private static void check(Path file, String name, Entry entry)
      throws IOException, DamagedCheckpointException {
    if (!Files.isRegularFile(file)) {
      throw new DamagedCheckpointException("lacks " + name);
    }
    if (Files.size(file) != entry.bytes) {
      throw new DamagedCheckpointException(
          name + " has " + Files.size(file) + " bytes, it was written with " + entry.bytes);
    }
    if (!sha256(file).equals(entry.sha256)) {
      throw new DamagedCheckpointException(name + " is not as it was written");
    }
  }

  private static String sha256(Path file) throws IOException {
    MessageDigest digest = sha256();
    byte[] buffer = new byte[1 << 16];
    try (InputStream stream = Files.newInputStream(file)) {
      for (int read = stream.read(buffer); read >= 0; read = stream.read(buffer)) {
        digest.update(buffer, 0, read);
      }
    }
    return hex(digest.digest());
  }

  private static String hex(byte[] digest) {
    return HexFormat.of().formatHex(digest);
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
