package io.aicoder.serving;

import ai.djl.Model;
import ai.djl.modality.Input;
import ai.djl.modality.Output;
import ai.djl.translate.TranslateException;
import ai.djl.translate.Translator;
import ai.djl.translate.TranslatorFactory;
import ai.djl.util.Pair;
import java.lang.reflect.Type;
import java.util.Map;
import java.util.Set;

/** Makes the translator: what {@code translatorFactory} in {@code serving.properties} names. */
public final class AiCoderTranslatorFactory implements TranslatorFactory {

  @Override
  public Set<Pair<Type, Type>> getSupportedTypes() {
    return Set.of(new Pair<>(Input.class, Output.class));
  }

  /**
   * Makes a translator for a model that {@link AiCoderBlockFactory} loaded.
   *
   * @throws TranslateException when the types are others, or {@code serving.properties} lacks the
   *     block factory
   */
  @Override
  @SuppressWarnings("unchecked")
  public <I, O> Translator<I, O> newInstance(
      Class<I> input, Class<O> output, Model model, Map<String, ?> arguments)
      throws TranslateException {
    if (!isSupported(input, output)) {
      throw new TranslateException("only Input to Output is supported");
    }
    if (!(model.getBlock() instanceof AiCoderBlock block)) {
      throw new TranslateException(
          "serving.properties must hold blockFactory=" + AiCoderBlockFactory.class.getName());
    }
    return (Translator<I, O>) new AiCoderTranslator(block.coder());
  }
}
