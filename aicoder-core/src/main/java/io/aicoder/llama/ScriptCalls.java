package io.aicoder.llama;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import java.util.List;
import java.util.function.Function;

/**
 * Calls methods of the program by their names in the source. Arguments are closed after the call.
 *
 * @param block the program
 * @param manager owns tensors that are on their way to Java
 */
record ScriptCalls(PtSymbolBlock block, PtNDManager manager) {

  /** Calls a method that returns an integer. */
  long integer(String method, IValue... arguments) {
    return call(method, IValue::toLong, arguments);
  }

  /** Calls a method that returns a floating-point number. */
  double number(String method, IValue... arguments) {
    return call(method, IValue::toDouble, arguments);
  }

  /**
   * Calls a method that takes and returns tensors, the only way on which libtorch keeps gradients:
   * every other call is made in its inference mode.
   *
   * @param arguments the arguments; those named {@code p[]} become one list. The manager of the
   *     first owns the results
   */
  NDList forward(String method, NDList arguments, boolean training) {
    NDArray marker = arguments.get(0).getManager().zeros(new Shape(0));
    try (marker) {
      marker.setName("module_method:" + method);
      NDList all = new NDList(marker);
      all.addAll(arguments);
      boolean grad = JniUtils.isGradMode();
      JniUtils.setGradMode(training);
      try {
        return IValueUtils.forward(block, all, training);
      } finally {
        JniUtils.setGradMode(grad);
      }
    }
  }

  /** Calls a method that returns integers. */
  long[] integers(String method, IValue... arguments) {
    return call(method, IValue::toLongArray, arguments);
  }

  /** Calls a method that returns a tensor of float64. */
  double[] doubles(String method, IValue... arguments) {
    return tensor(method, PtNDArray::toDoubleArray, arguments);
  }

  /** Calls a method that returns a tensor of float32. */
  float[] floats(String method, IValue... arguments) {
    return tensor(method, PtNDArray::toFloatArray, arguments);
  }

  /** Calls a method that returns tensors, which the manager closes. */
  List<PtNDArray> tensors(String method, PtNDManager owner) {
    return call(method, result -> List.of(result.toTensorArray(owner)));
  }

  private <T> T tensor(String method, Function<PtNDArray, T> read, IValue... arguments) {
    return call(
        method,
        result -> {
          try (PtNDArray array = result.toTensor(manager)) {
            return read.apply(array);
          }
        },
        arguments);
  }

  private <T> T call(String method, Function<IValue, T> read, IValue... arguments) {
    try (IValue result = IValueUtils.runMethod(block, method, arguments)) {
      return read.apply(result);
    } finally {
      for (IValue argument : arguments) {
        argument.close();
      }
    }
  }
}
