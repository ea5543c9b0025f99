package io.aicoder.eval.report;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.Map;
import java.util.Properties;

/**
 * A script or style sheet that stands in the page itself.
 *
 * @param text its source, with line feeds only, as the browser hashes it
 */
record InlineAsset(String text) {

  private static final String D3_PROPERTIES = "/META-INF/maven/org.webjars.npm/d3/pom.properties";

  /** Reads one of the report's own files. */
  static InlineAsset own(String name) {
    return read("/io/aicoder/eval/report/" + name);
  }

  /** Reads the D3 bundle from its WebJar, whichever version is on the class path. */
  static InlineAsset d3() {
    Properties properties = new Properties();
    try (InputStream stream = open(D3_PROPERTIES)) {
      properties.load(stream);
    } catch (IOException e) {
      throw new UncheckedIOException(D3_PROPERTIES, e);
    }
    String root = "/META-INF/resources/webjars/d3/" + properties.getProperty("version") + "/";
    String licence = read(root + "LICENSE").text().strip();
    return new InlineAsset("/*\n" + licence + "\n*/\n" + read(root + "dist/d3.min.js").text());
  }

  /** Returns the hash as a content security policy wants it. */
  String hash() {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return "sha256-" + Base64.getEncoder().encodeToString(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /** Returns what the template needs. */
  Map<String, String> toMap() {
    return Map.of("text", text, "hash", hash());
  }

  private static InlineAsset read(String resource) {
    try (InputStream stream = open(resource)) {
      String text = new String(stream.readAllBytes(), StandardCharsets.UTF_8);
      return new InlineAsset(text.replace("\r\n", "\n"));
    } catch (IOException e) {
      throw new UncheckedIOException(resource, e);
    }
  }

  private static InputStream open(String resource) throws IOException {
    InputStream stream = InlineAsset.class.getResourceAsStream(resource);
    if (stream == null) {
      throw new IOException(resource + " is not on the class path: is a WebJar excluded?");
    }
    return stream;
  }
}
