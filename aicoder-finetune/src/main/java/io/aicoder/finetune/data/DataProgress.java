package io.aicoder.finetune.data;

/** Told while data files are read and tokenized. */
@FunctionalInterface
public interface DataProgress {

  /**
   * Takes where the pass stands; called after every record, by the thread that builds.
   *
   * @param records how many records have been read
   * @param fraction how much of all files that is, from 0 to 1
   */
  void read(long records, double fraction);
}
