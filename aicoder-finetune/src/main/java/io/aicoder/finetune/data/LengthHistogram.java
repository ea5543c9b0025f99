package io.aicoder.finetune.data;

import io.aicoder.finetune.data.DataCounts.Bucket;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Counts examples by length, in buckets that double from 32 tokens on. */
final class LengthHistogram {

  private static final int FIRST = 32;

  private final List<Integer> counts = new ArrayList<>();
  private @Nullable TrainingExample longest;

  void add(TrainingExample example) {
    int bucket = 0;
    while (FIRST << bucket < example.length()) {
      bucket++;
    }
    while (counts.size() <= bucket) {
      counts.add(0);
    }
    counts.set(bucket, counts.get(bucket) + 1);
    if (longest == null || example.length() > longest.length()) {
      longest = example;
    }
  }

  /** Returns the buckets from the first to the last that is not empty. */
  List<Bucket> buckets() {
    List<Bucket> buckets = new ArrayList<>();
    for (int i = 0; i < counts.size(); i++) {
      if (!buckets.isEmpty() || counts.get(i) > 0) {
        buckets.add(new Bucket(FIRST << i, counts.get(i)));
      }
    }
    return buckets;
  }

  /** Returns the length of the longest example and where it stands. */
  String longest() {
    return longest == null ? "" : longest.length() + " tokens, " + longest.source();
  }
}
