package io.aicoder.checkpoint;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Merges adapters into their base and writes the result as a Hugging Face checkpoint, as PEFT's
 * {@code merge_and_unload} and {@code save_pretrained} do: in the base's number formats, rounded
 * once.
 *
 * <p>Tensors go from file to file in pieces, so that a model of any size takes little memory, and
 * no libtorch. The directory appears under its name when all of it is written.
 *
 * {@snippet :
 * Checkpoint base = Checkpoint.open(Path.of("examples/nano/base"));
 * AdapterMerge.builder(base)
 *     .add(LoraAdapter.open(Path.of("examples/nano/adapter"), base), 1)
 *     .build()
 *     .write(Path.of("merged"));
 * }
 *
 * <p>Where an adapter changes the embedding or the head of a base that ties them, and not both
 * alike, the result unties them and its {@code config.json} says so. Immutable.
 */
public final class AdapterMerge {

  private static final Logger LOGGER = LoggerFactory.getLogger(AdapterMerge.class);
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String HEAD = LoraAdapter.HEAD + ".weight";

  private final Checkpoint base;
  private final List<WeightedAdapter> adapters;
  private final long shardBytes;
  private final Progress progress;

  private AdapterMerge(Builder builder) {
    base = builder.base;
    adapters = List.copyOf(builder.adapters);
    shardBytes = builder.shardBytes;
    progress = builder.progress;
  }

  /** Is told how far the writing is. */
  @FunctionalInterface
  public interface Progress {

    /**
     * Called by the writing thread after each tensor.
     *
     * @param bytes what is written of the tensors
     * @param total what will be
     */
    void written(long bytes, long total);
  }

  /** Returns a builder for merging into a base. */
  public static Builder builder(Checkpoint base) {
    return new Builder(base);
  }

  /** Collects what to merge and how. Not thread-safe. */
  public static final class Builder {

    /** What {@code save_pretrained} of transformers 4 wrote into one file. */
    private static final long DEFAULT_SHARD_BYTES = 5_000_000_000L;

    private final Checkpoint base;
    private final List<WeightedAdapter> adapters = new ArrayList<>();
    private long shardBytes = DEFAULT_SHARD_BYTES;
    private Progress progress = (bytes, total) -> {};

    private Builder(Checkpoint base) {
      this.base = base;
    }

    /**
     * Adds an adapter.
     *
     * @param adapter one for this base
     * @param weight what its product is multiplied by; 1 for the adapter as it is
     * @throws IllegalArgumentException when the weight is not finite
     */
    public Builder add(LoraAdapter adapter, double weight) {
      if (!Double.isFinite(weight)) {
        throw new IllegalArgumentException("weight is " + weight + ": it must be finite");
      }
      adapters.add(new WeightedAdapter(adapter, weight));
      return this;
    }

    /**
     * Sets the largest size of one file's tensors in bytes; 5 GB when not set.
     *
     * @throws IllegalArgumentException when it is below 1
     */
    public Builder optShardBytes(long value) {
      if (value < 1) {
        throw new IllegalArgumentException("shard bytes is " + value + ": it must be above 0");
      }
      shardBytes = value;
      return this;
    }

    /** Sets who is told how far the writing is. */
    public Builder optProgress(Progress value) {
      progress = value;
      return this;
    }

    /**
     * Checks that the adapters can be merged.
     *
     * @throws AiCoderException when there is none, or one of several, or with a weight, is more
     *     than factors
     */
    public AdapterMerge build() {
      if (adapters.isEmpty()) {
        throw new AiCoderException(ErrorCategory.REQUEST, "there is no adapter to merge: add one");
      }
      if (adapters.size() > 1 || adapters.get(0).weight() != 1) {
        adapters.forEach(WeightedAdapter::requireFactorsOnly);
      }
      return new AdapterMerge(this);
    }
  }

  /**
   * Writes the merged checkpoint.
   *
   * @param target a directory that does not exist or is empty; its parent exists
   * @throws AiCoderException when something is in the way, an adapter's file changed since it was
   *     opened, a merged number is not finite, or the disk is full or fails
   */
  public void write(Path target) {
    adapters.forEach(part -> part.adapter().requireUnchanged());
    List<StoredTensor> tensors = tensors();
    long total = tensors.stream().mapToLong(StoredTensor::bytes).sum();
    LOGGER.info("merging into {}: {} bytes", target, total);
    try (NewDirectory directory = NewDirectory.create(target, total)) {
      writeTensors(directory.path(), tensors, total);
      copyOthers(directory.path());
      directory.finish();
    } catch (IOException e) {
      throw new AiCoderException(
          ErrorCategory.ENVIRONMENT, target + ": cannot be written (" + e.getMessage() + ")", e);
    }
    LOGGER.info("merged into {}", target);
  }

  private boolean changes(String module) {
    return adapters.stream().anyMatch(part -> part.adapter().changes(module));
  }

  /** Whether embedding and head, one in the base, are two in the result. */
  private boolean unties() {
    return base.config().tiedEmbeddings()
        && (changes(LoraAdapter.EMBEDDING) || changes(LoraAdapter.HEAD))
        && !adapters.stream().allMatch(part -> part.adapter().tied());
  }

  /** Returns what will be written, named as it will be; each lies where the base has it. */
  private List<StoredTensor> tensors() {
    boolean tied = base.config().tiedEmbeddings();
    List<StoredTensor> tensors = new ArrayList<>();
    for (StoredTensor tensor : base.tensors()) {
      // Some checkpoints repeat the embedding as a head that nobody reads.
      if (!(tied && tensor.name().equals(HEAD))) {
        tensors.add(tensor);
      }
    }
    if (unties()) {
      tensors.add(base.embedding().named(HEAD));
    }
    // As the safetensors library orders them: aligned whatever the formats.
    tensors.sort(
        Comparator.comparing((StoredTensor tensor) -> -tensor.type().bytes())
            .thenComparing(StoredTensor::name));
    return tensors;
  }

  private void writeTensors(Path directory, List<StoredTensor> tensors, long total)
      throws IOException {
    List<List<StoredTensor>> shards = SafeTensorsWriter.shards(tensors, shardBytes);
    ObjectNode index = MAPPER.createObjectNode();
    index.putObject("metadata").put("total_size", total);
    ObjectNode map = index.putObject("weight_map");
    long written = 0;
    for (int i = 0; i < shards.size(); i++) {
      String name =
          shards.size() == 1
              ? Checkpoint.SINGLE
              : String.format(Locale.ROOT, "model-%05d-of-%05d.safetensors", i + 1, shards.size());
      try (SafeTensorsWriter writer =
          new SafeTensorsWriter(directory.resolve(name), shards.get(i))) {
        for (StoredTensor tensor : shards.get(i)) {
          new MergedTensor(base.config(), tensor, adapters).write(writer);
          map.put(tensor.name(), name);
          written += tensor.bytes();
          progress.written(written, total);
        }
        writer.finish();
      }
    }
    if (shards.size() > 1) {
      Files.write(
          directory.resolve(Checkpoint.INDEX),
          MAPPER.writerWithDefaultPrettyPrinter().writeValueAsBytes(index));
    }
  }

  /** Copies configuration and tokenizer. */
  private void copyOthers(Path directory) throws IOException {
    CheckpointWriter.copyOthers(base, directory);
    if (unties()) {
      CheckpointWriter.changeConfig(directory, json -> json.put("tie_word_embeddings", false));
    }
  }
}
