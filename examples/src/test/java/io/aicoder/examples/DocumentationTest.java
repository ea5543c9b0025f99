package io.aicoder.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the pages say is what the repository holds. */
class DocumentationTest {

  private static final Path REPOSITORY = Path.of("..").toAbsolutePath().normalize();
  private static final Pattern JAVA_BLOCK = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);
  private static final Pattern LINK = Pattern.compile("]\\(([^)#\\s]+)(#[^)]*)?\\)");
  private static final Pattern EXAMPLE = Pattern.compile("-Dexample=([A-Z]\\w+)");

  @Test
  void theReadmesJavaIsTheCompiledExample() throws IOException {
    Matcher block = JAVA_BLOCK.matcher(Files.readString(REPOSITORY.resolve("README.md")));
    assertThat(block.find()).isTrue();
    String source =
        Files.readString(Path.of("src/main/java/io/aicoder/examples/HelloAiCoder.java"));
    int begin = source.indexOf("// README: begin\n") + "// README: begin\n".length();
    String compiled = source.substring(begin, source.indexOf("    // README: end"));

    assertThat(compiled.replaceAll("(?m)^    ", "")).isEqualTo(block.group(1));
  }

  @Test
  void everyLinkLeadsSomewhere() throws IOException {
    List<String> broken = new ArrayList<>();
    for (Path page : pages()) {
      Matcher link = LINK.matcher(Files.readString(page));
      while (link.find()) {
        String target = link.group(1);
        if (!target.contains("://") && !Files.exists(page.resolveSibling(target))) {
          broken.add(page.getFileName() + " -> " + target);
        }
      }
    }
    assertThat(broken).isEmpty();
  }

  @Test
  void everyExampleThatPagesNameIsThere() throws IOException {
    for (Path page : pages()) {
      Matcher example = EXAMPLE.matcher(Files.readString(page));
      while (example.find()) {
        if (!example.group(1).equals("NAME")) {
          assertThat(Examples.names()).as(page.toString()).contains(example.group(1));
        }
      }
    }
  }

  private static List<Path> pages() throws IOException {
    List<Path> pages = new ArrayList<>();
    try (Stream<Path> root = Files.list(REPOSITORY);
        Stream<Path> docs = Files.list(REPOSITORY.resolve("docs"))) {
      Stream.concat(root, docs).filter(file -> file.toString().endsWith(".md")).forEach(pages::add);
    }
    assertThat(pages).hasSizeGreaterThan(5);
    return pages;
  }
}
