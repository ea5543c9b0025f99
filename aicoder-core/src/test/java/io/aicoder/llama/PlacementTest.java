package io.aicoder.llama;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.Device;
import io.aicoder.error.AiCoderException;
import io.aicoder.llama.Placement.Stage;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PlacementTest {

  private static final Placement THREE =
      new Placement(List.of(new Stage("cuda:0", 0), new Stage("cuda:1", 3), new Stage("cpu", 4)));

  @Test
  void aLayerBelongsToTheStageThatBeganLast() {
    assertThat(IntStream.range(0, 6).map(THREE::stageOf)).containsExactly(0, 0, 0, 1, 2, 2);
    assertThat(IntStream.range(0, 3).map(stage -> THREE.layersOf(stage, 6)))
        .containsExactly(3, 1, 2);
  }

  @Test
  void onlyTheProcessorMaps() {
    assertThat(THREE.mapsStage(0)).isFalse();
    assertThat(THREE.mapsStage(2)).isTrue();
    assertThat(THREE.onCpu()).isFalse();
    assertThat(Placement.on("cpu").onCpu()).isTrue();
    assertThat(THREE.devices()).containsExactly("cuda:0", "cuda:1", "cpu");
  }

  @Test
  void layersMustAscendFromZero() {
    assertRefused(List.of());
    assertRefused(List.of(new Stage("cpu", 1)));
    assertRefused(List.of(new Stage("cpu", 0), new Stage("cpu", 0)));
  }

  private static void assertRefused(List<Stage> stages) {
    assertThatThrownBy(() -> new Placement(stages)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void devicesHaveTheNamesOfLibtorch() {
    assertThat(Placement.nameOf(Device.cpu())).isEqualTo("cpu");
    assertThat(Placement.nameOf(Device.gpu())).isEqualTo("cuda:0");
    assertThat(Placement.nameOf(Device.gpu(3))).isEqualTo("cuda:3");
    assertThat(Placement.deviceOf("cpu")).isEqualTo(Device.cpu());
    assertThat(Placement.deviceOf("cuda:3")).isEqualTo(Device.gpu(3));
    assertThatThrownBy(() -> Placement.nameOf(Device.of("mps", 0)))
        .isInstanceOf(AiCoderException.class)
        .hasMessageContaining("choose Device.cpu() or Device.gpu(n)");
  }
}
