package io.aicoder.llama;

import ai.djl.engine.Engine;
import ai.djl.engine.EngineException;
import ai.djl.pytorch.jni.JniUtils;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;

/** Starts libtorch through DJL, quietly: nothing is reported to anybody. */
public final class TorchRuntime {

  private TorchRuntime() {}

  /**
   * Starts the engine when it is not running yet.
   *
   * @param threads the threads of one operation, for the whole process; 0: libtorch's choice
   * @throws AiCoderException when the natives for this platform cannot be loaded
   */
  public static synchronized void start(int threads) {
    if (System.getProperty("OPT_OUT_TRACKING") == null) {
      System.setProperty("OPT_OUT_TRACKING", "true");
    }
    CudaDriver.keepQuietWhenAbsent();
    try {
      Engine.getEngine("PyTorch");
      if (threads > 0) {
        JniUtils.setNumThreads(threads);
      }
    } catch (EngineException | UnsatisfiedLinkError e) {
      throw new AiCoderException(
          ErrorCategory.ENVIRONMENT,
          "DJL's PyTorch engine could not be started ("
              + e.getMessage()
              + "): pytorch-jni and pytorch-native-cpu for this platform must be on the class path",
          e);
    }
  }
}
