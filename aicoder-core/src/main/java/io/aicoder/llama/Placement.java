package io.aicoder.llama;

import ai.djl.Device;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Which device holds which layers: the embedding lies with the first stage, the last norm and the
 * head with the last.
 *
 * @param stages in the order of their layers, at least one; the first begins at layer 0
 */
public record Placement(List<Stage> stages) {

  /** The device of the processor. */
  static final String CPU = "cpu";

  /**
   * Layers on one device, up to those of the next stage.
   *
   * @param device as libtorch names it: {@code cpu}, {@code cuda:0}, …
   * @param firstLayer the number of its first layer
   */
  public record Stage(String device, int firstLayer) {

    /** Returns such as {@code cuda:1 from layer 16}. */
    @Override
    public String toString() {
      return firstLayer == 0 ? device : device + " from layer " + firstLayer;
    }
  }

  /**
   * Copies the stages.
   *
   * @throws IllegalArgumentException when there is none, or their layers do not ascend from 0
   */
  public Placement {
    stages = List.copyOf(stages);
    for (int i = 0; i < stages.size(); i++) {
      int first = stages.get(i).firstLayer();
      if (i == 0 ? first != 0 : first <= stages.get(i - 1).firstLayer()) {
        throw new IllegalArgumentException("layers of " + stages + " do not ascend from 0");
      }
    }
    if (stages.isEmpty()) {
      throw new IllegalArgumentException("a placement needs at least one stage");
    }
  }

  /** Returns the placement of all layers on one device. */
  public static Placement on(String device) {
    return new Placement(List.of(new Stage(device, 0)));
  }

  /** Returns the number of the stage that a layer belongs to. */
  int stageOf(int layer) {
    int stage = last();
    while (stages.get(stage).firstLayer() > layer) {
      stage--;
    }
    return stage;
  }

  /** Returns the number of the last stage. */
  int last() {
    return stages.size() - 1;
  }

  /** Returns the layers of a stage: how many of a model's. */
  int layersOf(int stage, int layers) {
    int end = stage == last() ? layers : stages.get(stage + 1).firstLayer();
    return end - stages.get(stage).firstLayer();
  }

  /** Whether weights of a stage can stay where their file is mapped. */
  boolean mapsStage(int stage) {
    return stages.get(stage).device().equals(CPU);
  }

  /** Whether no stage is on a GPU. */
  boolean onCpu() {
    return devices().equals(Set.of(CPU));
  }

  /** Returns the devices, each once. */
  Set<String> devices() {
    Set<String> devices = new LinkedHashSet<>();
    stages.forEach(stage -> devices.add(stage.device()));
    return devices;
  }

  /**
   * Returns libtorch's name of a device.
   *
   * @throws AiCoderException when it is neither the processor nor a CUDA device
   */
  static String nameOf(Device device) {
    if (device.getDeviceType().equals(Device.Type.CPU)) {
      return CPU;
    }
    if (device.isGpu()) {
      return "cuda:" + Math.max(0, device.getDeviceId());
    }
    throw new AiCoderException(
        ErrorCategory.REQUEST,
        "device " + device + " is not supported: choose Device.cpu() or Device.gpu(n)");
  }

  /** Returns the device of a name that {@link #nameOf} gave. */
  static Device deviceOf(String name) {
    return name.equals(CPU)
        ? Device.cpu()
        : Device.gpu(Integer.parseInt(name.substring(name.indexOf(':') + 1)));
  }
}
