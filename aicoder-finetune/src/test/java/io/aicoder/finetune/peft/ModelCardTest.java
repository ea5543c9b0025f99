package io.aicoder.finetune.peft;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

/** What a model card says; PEFT's own front matter is compared in {@link AdapterFilesTest}. */
class ModelCardTest {

  @Test
  void tellsWhatItWasMadeFromAndWith() {
    ModelCard card =
        new ModelCard(
            "Nano AICoder",
            Map.of("SHA-256", "abc123"),
            Map.of("learning_rate", "1e-4"),
            Map.of("SR@All", "0.642"),
            Map.of("AICoder", "0.1.0"));

    assertThat(card.text(LoraOptions.builder().optBaseModel("nano-base").optUseDora(true).build()))
        .startsWith("---\nbase_model: nano-base\nlibrary_name: peft\n")
        .contains("tags:\n- base_model:adapter:nano-base\n- lora\n- transformers\n---\n")
        .contains("\n# Nano AICoder\n")
        .contains("for `nano-base`, trained with AICoder.")
        .contains("## Training data\n\n|  | value |\n| --- | --- |\n| SHA-256 | `abc123` |\n")
        .contains("| lora_alpha | `32` |\n")
        .contains("| on | `use_dora` |\n")
        .contains("| learning_rate | `1e-4` |\n")
        .contains("| SR@All | `0.642` |\n")
        .contains("- AICoder 0.1.0\n- PEFT 0.21.0 (file format)\n");
  }

  @Test
  void saysNothingOfABaseWithoutAName() {
    assertThat(ModelCard.of("x").text(LoraOptions.defaults()))
        .startsWith("---\nlibrary_name: peft\npipeline_tag: text-generation\ntags:\n- lora\n");
  }

  @Test
  void namesCannotLeaveTheirPlaces() {
    ModelCard card =
        new ModelCard("a\n# b", Map.of("x|y", "`|\n| z"), Map.of(), Map.of(), Map.of());

    String text = card.text(LoraOptions.builder().optBaseModel("it's: a\n--- base").build());

    assertThat(text)
        .startsWith("---\nbase_model: 'it''s: a --- base'\nlibrary_name")
        .contains("\n# a # b\n")
        .contains("| x\\|y | `` `\\| \\| z `` |\n");
  }
}
