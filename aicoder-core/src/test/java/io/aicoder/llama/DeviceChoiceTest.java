package io.aicoder.llama;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import ai.djl.Device;
import ai.djl.engine.Engine;
import io.aicoder.checkpoint.Checkpoint;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import io.aicoder.fixture.HugeCheckpoint;
import io.aicoder.fixture.ModelDirectory;
import io.aicoder.llama.DeviceChoice.Choice;
import io.aicoder.llama.DeviceChoice.Room;
import io.aicoder.llama.Placement.Stage;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The nano model, of 8 layers and 13 MiB in bf16, on machines with GPUs of any size. */
class DeviceChoiceTest {

  private static final Checkpoint NANO = Checkpoint.open(ModelDirectory.NANO);
  private static final PartSizes SIZES = new PartSizes(NANO, ComputeType.BF16);
  private static final int CONTEXT = 2048;
  private static final long MIB = 1L << 20;

  @BeforeAll
  static void start() {
    TorchRuntime.start(0);
  }

  @Test
  void withoutAGpuTheProcessorComputesAndTheReasonIsKept() {
    Choice choice = DeviceChoice.automatic(List.of(), "no driver", SIZES, CONTEXT);
    assertThat(choice.placement()).isEqualTo(Placement.on("cpu"));
    assertThat(choice.reason()).isEqualTo("no driver");
  }

  @Test
  void theGpuWithTheMostRoomIsTaken() {
    Choice choice =
        DeviceChoice.automatic(
            List.of(new Room("cuda:0", 100 * MIB), new Room("cuda:1", 200 * MIB)),
            "",
            SIZES,
            CONTEXT);
    assertThat(choice.placement()).isEqualTo(Placement.on("cuda:1"));
    assertThat(choice.reason()).contains("200.0 MiB may be used");
  }

  @Test
  void whatNoGpuHoldsAloneIsSplit() {
    Choice choice =
        DeviceChoice.automatic(
            List.of(new Room("cuda:0", 20 * MIB), new Room("cuda:1", 20 * MIB)),
            "",
            SIZES,
            CONTEXT);
    assertThat(choice.placement().devices()).containsExactly("cuda:0", "cuda:1");
    assertThat(choice.reason()).contains("which no GPU has alone");
  }

  @Test
  void whatAllGpusDoNotHoldStaysOnTheProcessor() {
    Choice choice =
        DeviceChoice.automatic(
            List.of(new Room("cuda:0", 4 * MIB), new Room("cuda:1", 4 * MIB)), "", SIZES, CONTEXT);
    assertThat(choice.placement()).isEqualTo(Placement.on("cpu"));
    assertThat(choice.reason()).contains("no room");
  }

  @Test
  void layersAreSplitInProportionToTheRoom() {
    assertThat(firstLayers(1000, 1000)).containsExactly(0, 4);
    assertThat(firstLayers(3000, 1000)).containsExactly(0, 6);
    assertThat(firstLayers(1000, 1000, 2000)).containsExactly(0, 2, 4);
    // One each, however little room.
    assertThat(firstLayers(1, 9000, 1)).containsExactly(0, 1, 7);
    // More devices than layers: those behind stay empty.
    assertThat(firstLayers(5, 5, 5, 5, 5, 5, 5, 5, 5, 5)).containsExactly(0, 1, 2, 3, 4, 5, 6, 7);
  }

  private static List<Integer> firstLayers(long... mebibytes) {
    List<Room> rooms =
        java.util.Arrays.stream(mebibytes).mapToObj(m -> new Room("", m * MIB)).toList();
    return DeviceChoice.split(rooms, SIZES).stages().stream().map(Stage::firstLayer).toList();
  }

  @Test
  void aGpuThatIsNotThereIsRefused() {
    assumeThat(Engine.getEngine("PyTorch").getGpuCount()).isZero();
    assertThatThrownBy(() -> DeviceChoice.choose(List.of(Device.gpu(0)), NANO, ComputeType.BF16))
        .isInstanceOfSatisfying(
            AiCoderException.class,
            e -> assertThat(e.category()).isEqualTo(ErrorCategory.ENVIRONMENT))
        .hasMessageStartingWith("device cuda:0 was asked for, but ")
        .hasMessageEndingWith("choose another device, or set CUDA up (docs/cuda.md)");
  }

  /** A file with holes: larger than any machine's memory, and a few bytes on disk. */
  @Test
  void aModelThatMemoryCannotHoldIsRefusedBeforeItIsLoaded(@TempDir Path directory) {
    HugeCheckpoint.write(directory);
    Checkpoint huge = Checkpoint.open(directory);
    assertThatThrownBy(() -> DeviceChoice.choose(List.of(), huge, ComputeType.FP32))
        .isInstanceOfSatisfying(
            AiCoderException.class,
            e -> assertThat(e.category()).isEqualTo(ErrorCategory.ENVIRONMENT))
        .hasMessageStartingWith("there is no memory for the model's weights on cpu: ")
        .hasMessageContaining(" GiB are needed, free are ")
        .hasMessageContaining("compute in bf16 or fp16");
    // In the file's own format it is mapped, and memory need not hold it.
    assertThat(DeviceChoice.choose(List.of(Device.cpu()), huge, ComputeType.BF16))
        .isEqualTo(Placement.on("cpu"));
  }
}
