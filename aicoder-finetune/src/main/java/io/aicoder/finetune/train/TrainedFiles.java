package io.aicoder.finetune.train;

import io.aicoder.checkpoint.Checkpoint;
import io.aicoder.checkpoint.CheckpointWriter;
import io.aicoder.finetune.peft.AdapterFiles;
import io.aicoder.finetune.peft.ModelCard;
import io.aicoder.finetune.peft.NamedTensor;
import io.aicoder.finetune.peft.SavedAdapter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** The form in which what was trained is kept: an adapter's directory, or a whole checkpoint's. */
sealed interface TrainedFiles {

  /**
   * Writes into a directory in the making.
   *
   * @throws IOException when the disk is full or fails
   */
  void writeInto(Path directory, List<NamedTensor> tensors, ModelCard card) throws IOException;

  /** Writes a directory that appears when it is complete. */
  void write(Path target, List<NamedTensor> tensors, ModelCard card);

  /** Whether embedding and head are one tensor. */
  boolean tiedHead();

  /** Reads what was written, by the names of tensors. */
  Map<String, float[]> read(Path directory);

  /** A PEFT adapter. */
  record Adapter(AdapterFiles files, Checkpoint base) implements TrainedFiles {

    @Override
    public void writeInto(Path directory, List<NamedTensor> tensors, ModelCard card) {
      files.writeInto(directory, tensors, card);
    }

    @Override
    public void write(Path target, List<NamedTensor> tensors, ModelCard card) {
      files.write(target, tensors, card);
    }

    @Override
    public boolean tiedHead() {
      return files.tiedHead();
    }

    @Override
    public Map<String, float[]> read(Path directory) {
      return SavedAdapter.open(directory, base).tensors().stream()
          .collect(Collectors.toMap(NamedTensor::name, NamedTensor::numbers));
    }
  }

  /** A whole checkpoint, in fp32. */
  record Whole(Checkpoint base) implements TrainedFiles {

    @Override
    public void writeInto(Path directory, List<NamedTensor> tensors, ModelCard card)
        throws IOException {
      CheckpointWriter.writeInto(base, directory, numbers(tensors));
    }

    @Override
    public void write(Path target, List<NamedTensor> tensors, ModelCard card) {
      CheckpointWriter.write(base, target, numbers(tensors));
    }

    private static Map<String, float[]> numbers(List<NamedTensor> tensors) {
      return tensors.stream().collect(Collectors.toMap(NamedTensor::name, NamedTensor::numbers));
    }

    @Override
    public boolean tiedHead() {
      return base.config().tiedEmbeddings();
    }

    @Override
    public Map<String, float[]> read(Path directory) {
      Checkpoint written = Checkpoint.open(directory);
      Map<String, float[]> numbers = new HashMap<>();
      for (Trainable trainable : Trainables.all(written)) {
        numbers.put(trainable.name(), written.tensor(trainable.name()).values());
      }
      return numbers;
    }
  }
}
