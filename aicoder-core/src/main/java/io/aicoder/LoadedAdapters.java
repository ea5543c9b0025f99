package io.aicoder;

import io.aicoder.checkpoint.Checkpoint;
import io.aicoder.checkpoint.LoraAdapter;
import io.aicoder.checkpoint.WeightedAdapter;
import io.aicoder.engine.Scheduler;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import io.aicoder.llama.AdapterLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The adapters of a model by the names that requests use. Safe for use by several threads.
 *
 * <p>An adapter that a request found must still be in the program when the engine reaches the
 * request. So finding and queueing happen under one lock, and what takes an adapter out queues
 * behind.
 */
final class LoadedAdapters {

  private static final int NONE = -1;

  private final Checkpoint checkpoint;
  private final Scheduler scheduler;
  private final Map<String, Loaded> byName = new TreeMap<>();
  private final ReadWriteLock lock = new ReentrantReadWriteLock();
  private int next;
  private @Nullable String defaultName;

  private record Loaded(int number, String fingerprint, List<WeightedAdapter> parts) {}

  LoadedAdapters(Checkpoint checkpoint, Scheduler scheduler) {
    this.checkpoint = checkpoint;
    this.scheduler = scheduler;
  }

  /** Loads one, and waits until the program has it. One at a time. */
  synchronized void load(String name, Path directory) {
    requireFree(name);
    // Named only now: a request must not find an adapter that the program does not have yet.
    name(name, load(directory));
  }

  private Loaded load(Path directory) {
    LoraAdapter adapter = LoraAdapter.open(directory, checkpoint);
    int number = next++;
    scheduler.withProgram(program -> AdapterLoader.add(program, adapter, number));
    return new Loaded(number, adapter.fingerprint(), List.of(new WeightedAdapter(adapter, 1)));
  }

  /** Loads one, in place of that of the same name if there is one: see {@link #unload}. */
  synchronized void replace(String name, Path directory) {
    if (name.equals(AiCoder.BASE)) {
      requireFree(name);
    }
    Loaded loaded = load(directory);
    lock.writeLock().lock();
    try {
      Loaded former = byName.put(name, loaded);
      if (former != null) {
        // Behind the requests that are queued by now, which have it.
        scheduler.whenReached(program -> AdapterLoader.remove(program, former.number));
      }
    } finally {
      lock.writeLock().unlock();
    }
  }

  /** Makes one of others, and waits until the program has it. */
  synchronized void combine(String name, Map<String, Double> weights) {
    requireFree(name);
    if (weights.isEmpty()) {
      throw request("a combination needs at least one adapter: give their weights");
    }
    int number = next++;
    Map<Integer, Double> numbers = new LinkedHashMap<>();
    List<String> fingerprints = new ArrayList<>();
    List<WeightedAdapter> parts = new ArrayList<>();
    CompletableFuture<Void> made =
        locked(
            () -> {
              new TreeMap<>(weights)
                  .forEach(
                      (source, weight) -> {
                        Loaded loaded = weighable(source, weight);
                        numbers.put(loaded.number, weight);
                        fingerprints.add(weight + "*(" + loaded.fingerprint + ")");
                        loaded.parts.forEach(part -> parts.add(part.times(weight)));
                      });
              return scheduler.whenReached(
                  program -> AdapterLoader.combine(program, number, numbers));
            });
    Scheduler.join(made);
    name(name, new Loaded(number, String.join("+", fingerprints), List.copyOf(parts)));
  }

  private Loaded weighable(String name, double weight) {
    if (!Double.isFinite(weight)) {
      throw request("the weight of adapter '" + name + "' is " + weight + ": it must be finite");
    }
    Loaded loaded = require(name);
    loaded.parts.forEach(WeightedAdapter::requireFactorsOnly);
    return loaded;
  }

  private void name(String name, Loaded loaded) {
    lock.writeLock().lock();
    try {
      byName.put(name, loaded);
    } finally {
      lock.writeLock().unlock();
    }
  }

  /** Takes one out behind the requests that are queued by now; waits for nothing. */
  void unload(String name) {
    lock.writeLock().lock();
    try {
      if (name.equals(defaultName)) {
        throw request(
            "adapter '" + name + "' is the default, which requests without a name need: keep it");
      }
      int number = require(name).number;
      // Nobody waits, so that nobody could be told; taking out cannot fail while the engine runs.
      scheduler.whenReached(program -> AdapterLoader.remove(program, number));
      byName.remove(name);
    } finally {
      lock.writeLock().unlock();
    }
  }

  void useByDefault(String name) {
    lock.writeLock().lock();
    try {
      require(name);
      defaultName = name;
    } finally {
      lock.writeLock().unlock();
    }
  }

  SortedSet<String> names() {
    return locked(() -> new TreeSet<>(byName.keySet()));
  }

  /** Does something while no adapter can be taken out, such as queueing a request that has one. */
  <T> T locked(Supplier<T> action) {
    lock.readLock().lock();
    try {
      return action.get();
    } finally {
      lock.readLock().unlock();
    }
  }

  /** Returns the program's number of the adapter that a request asks for, or −1. */
  int number(@Nullable String requested) {
    Loaded loaded = find(requested);
    return loaded == null ? NONE : loaded.number;
  }

  /** Returns what identifies the adapter that a request asks for, or {@code null} for none. */
  @Nullable String fingerprint(@Nullable String requested) {
    Loaded loaded = find(requested);
    return loaded == null ? null : loaded.fingerprint;
  }

  /** Returns what a loaded adapter is made of. */
  List<WeightedAdapter> parts(String name) {
    return locked(() -> require(name).parts);
  }

  private @Nullable Loaded find(@Nullable String requested) {
    lock.readLock().lock();
    try {
      String name = requested == null ? defaultName : requested;
      return name == null || name.equals(AiCoder.BASE) ? null : require(name);
    } finally {
      lock.readLock().unlock();
    }
  }

  private Loaded require(String name) {
    Loaded loaded = byName.get(name);
    if (loaded == null) {
      throw request("adapter '" + name + "' is not loaded (loaded: " + byName.keySet() + ")");
    }
    return loaded;
  }

  private void requireFree(String name) {
    if (name.equals(AiCoder.BASE) || names().contains(name)) {
      throw request("adapter name '" + name + "' is taken: choose another");
    }
  }

  private static AiCoderException request(String problem) {
    return new AiCoderException(ErrorCategory.REQUEST, problem);
  }
}
