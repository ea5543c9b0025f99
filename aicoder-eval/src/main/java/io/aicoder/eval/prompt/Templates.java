package io.aicoder.eval.prompt;

import com.hubspot.jinjava.Jinjava;
import com.hubspot.jinjava.JinjavaConfig;
import com.hubspot.jinjava.interpret.FatalTemplateErrorsException;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;

/**
 * Jinja templates by their names: resources beside a class, or files of a folder in their place.
 * One line break at a template's end is not part of it, nor is the one behind a block tag. Whatever
 * looks like Jinja in the values stays as it is. Immutable and safe for several threads.
 */
public final class Templates {

  private final Jinjava jinjava =
      new Jinjava(
          JinjavaConfig.newBuilder()
              .withNestedInterpretationEnabled(false)
              .withFailOnUnknownTokens(true)
              .withTrimBlocks(true)
              .build());
  private final Map<String, String> texts = new HashMap<>();

  private Templates(Collection<String> names, UnaryOperator<String> source) {
    names.forEach(name -> texts.put(name, source.apply(name)));
  }

  /**
   * Reads resources.
   *
   * @param owner the class beside which they lie
   * @param names their names
   */
  public static Templates of(Class<?> owner, Collection<String> names) {
    return new Templates(names, name -> template(resource(owner, name)));
  }

  /**
   * Reads files of a folder; resources stand in for those that are not there.
   *
   * @param folder the folder
   * @param owner the class beside which the resources lie
   * @param names the names of both
   * @throws AiCoderException (INPUT) when there is no such folder, or a file cannot be read
   */
  public static Templates load(Path folder, Class<?> owner, Collection<String> names) {
    if (!Files.isDirectory(folder)) {
      throw new AiCoderException(
          ErrorCategory.INPUT, folder + ": is no folder; name the folder of the prompts");
    }
    return new Templates(
        names,
        name -> {
          Path file = folder.resolve(name);
          return template(Files.exists(file) ? read(file) : resource(owner, name));
        });
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new AiCoderException(
          ErrorCategory.INPUT, file + ": cannot be read (" + e + "); save it as UTF-8 text", e);
    }
  }

  private static String template(String text) {
    return text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
  }

  /** Returns a resource beside a class, whole. */
  public static String resource(Class<?> owner, String name) {
    try (InputStream stream = Objects.requireNonNull(owner.getResourceAsStream(name), name)) {
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("resource " + name, e);
    }
  }

  /** Returns the text of a template. */
  public String text(String name) {
    return Objects.requireNonNull(texts.get(name), name);
  }

  /**
   * Fills a template in.
   *
   * @param name the template
   * @param values what it may name
   * @throws AiCoderException (INPUT) when it names something else, or is no template
   */
  public String render(String name, Map<String, ?> values) {
    try {
      return jinjava.render(text(name), values);
    } catch (FatalTemplateErrorsException e) {
      throw new AiCoderException(
          ErrorCategory.INPUT,
          name
              + ": "
              + e.getErrors().iterator().next().getMessage()
              + "; use the names that this template knows",
          e);
    }
  }
}
