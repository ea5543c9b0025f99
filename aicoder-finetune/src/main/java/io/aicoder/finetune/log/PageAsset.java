package io.aicoder.finetune.log;

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
 * A script or style sheet that stands in the page itself, where its hash lets it.
 *
 * @param text its source, with line feeds only, as the browser hashes it
 */
record PageAsset(String text) {

  private static final String D3_PROPERTIES = "/META-INF/maven/org.webjars.npm/d3/pom.properties";

  /** Reads one of the page's own files. */
  static PageAsset own(String name) {
    return new PageAsset(read("/io/aicoder/finetune/log/" + name));
  }

  /** Reads the D3 bundle from its WebJar, with its licence. */
  static PageAsset d3() {
    Properties properties = new Properties();
    try (InputStream stream = open(D3_PROPERTIES)) {
      properties.load(stream);
    } catch (IOException e) {
      throw new UncheckedIOException(D3_PROPERTIES, e);
    }
    String root = "/META-INF/resources/webjars/d3/" + properties.getProperty("version") + "/";
    return new PageAsset(
        "/*\n" + read(root + "LICENSE").strip() + "\n*/\n" + read(root + "dist/d3.min.js"));
  }

  /** Returns what the template needs: the text, and its hash for the content security policy. */
  Map<String, String> toMap() {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return Map.of("text", text, "hash", "sha256-" + Base64.getEncoder().encodeToString(digest));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  private static String read(String resource) {
    try (InputStream stream = open(resource)) {
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8).replace("\r\n", "\n");
    } catch (IOException e) {
      throw new UncheckedIOException(resource, e);
    }
  }

  private static InputStream open(String resource) throws IOException {
    InputStream stream = PageAsset.class.getResourceAsStream(resource);
    if (stream == null) {
      throw new IOException(resource + " is not on the class path: is a WebJar excluded?");
    }
    return stream;
  }
}
