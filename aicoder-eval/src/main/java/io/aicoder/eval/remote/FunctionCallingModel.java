package io.aicoder.eval.remote;

import io.aicoder.CodeModel;
import io.aicoder.constrain.Constraint;
import io.aicoder.generate.GenerationRequest;
import io.aicoder.generate.GenerationResult;

/** A model that can answer with the arguments of a function in place of text. */
public interface FunctionCallingModel extends CodeModel {

  /**
   * Asks for a call of a function.
   *
   * @param request the conversation and how to go on with it
   * @param function the function to call
   * @return a result whose text is the arguments as a JSON object; or what the model wrote instead,
   *     which callers should expect
   * @throws io.aicoder.error.AiCoderException when the request cannot be served
   */
  GenerationResult call(GenerationRequest request, FunctionDeclaration function);

  /**
   * Asks any model: one that cannot call functions is kept to the function's parameters by
   * constrained output.
   */
  static GenerationResult call(
      CodeModel model, GenerationRequest request, FunctionDeclaration function) {
    return model instanceof FunctionCallingModel calling
        ? calling.call(request, function)
        : model.generate(constrained(request, new Constraint.JsonSchema(function.parameters())));
  }

  private static GenerationRequest constrained(GenerationRequest request, Constraint constraint) {
    return new GenerationRequest(
        request.prompt(),
        request.sampling(),
        request.stopping(),
        request.beams(),
        request.samples(),
        constraint,
        request.adapter(),
        request.logProbabilities(),
        request.promptLogits());
  }
}
