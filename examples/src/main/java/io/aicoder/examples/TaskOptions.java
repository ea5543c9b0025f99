package io.aicoder.examples;

import io.aicoder.eval.task.TaskFormat;
import io.aicoder.eval.task.TaskSet;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** The options that choose the tasks of an evaluation. */
final class TaskOptions {

  private static final List<Path> EMBEDDED =
      List.of(
          Path.of("examples", "nano", "tasks", "test.jsonl"),
          Path.of("examples", "nano", "tasks", "offline.jsonl"));

  @Option(
      names = "--tasks",
      paramLabel = "FILE",
      description =
          "tasks, JSONL in any of the formats of docs/tasks.md, gzipped or not; the embedded ones when absent")
  private @Nullable Path file;

  @Option(
      names = "--dataset",
      paramLabel = "NAME",
      converter = FormatName.class,
      description =
          "the format, told by the first record when absent: aicodereval, humaneval, mbpp,"
              + " bigcodebench, bigcodebench-instruct, ds1000 or own")
  private @Nullable TaskFormat format;

  @Option(names = "--domain", paramLabel = "NAME", description = "only tasks of this domain")
  private @Nullable String domain;

  @Option(names = "--library", paramLabel = "NAME", description = "only tasks that use it")
  private @Nullable String library;

  @Option(
      names = "--difficulty",
      paramLabel = "NAME",
      description = "only tasks of this difficulty")
  private @Nullable String difficulty;

  @Option(
      names = "--ids",
      paramLabel = "ID",
      split = ",",
      description = "only these tasks, separated by commas")
  private @Nullable List<String> ids;

  @Option(
      names = "--exclude",
      paramLabel = "ID",
      split = ",",
      description = "leave these tasks out, such as those whose references fail")
  private @Nullable List<String> excluded;

  @Option(
      names = "--subset",
      paramLabel = "N",
      description = "only N tasks, drawn at random with --subset-seed")
  private @Nullable Integer subset;

  @Option(
      names = "--subset-seed",
      paramLabel = "S",
      defaultValue = "0",
      description = "which draw; default ${DEFAULT-VALUE}")
  private long subsetSeed;

  @Spec(Spec.Target.MIXEE)
  @SuppressWarnings("NullAway.Init") // picocli sets it
  private CommandSpec spec;

  /** Takes the names of formats as people write them. */
  static final class FormatName implements ITypeConverter<TaskFormat> {
    @Override
    public TaskFormat convert(String name) {
      for (TaskFormat format : TaskFormat.values()) {
        if (name(format).equals(name)) {
          return format;
        }
      }
      throw new TypeConversionException(
          "'"
              + name
              + "' is none of: "
              + Stream.of(TaskFormat.values())
                  .map(FormatName::name)
                  .collect(Collectors.joining(", ")));
    }

    private static String name(TaskFormat format) {
      return format.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  /** Loads the tasks and keeps those that the options choose. */
  TaskSet load() {
    TaskSet tasks = file == null ? embedded() : load(file);
    tasks = ids == null ? tasks : tasks.only(ids);
    tasks = excluded == null ? tasks : tasks.without(excluded);
    tasks = domain == null ? tasks : tasks.domain(domain);
    tasks = library == null ? tasks : tasks.using(library);
    tasks = difficulty == null ? tasks : tasks.difficulty(difficulty);
    return subset == null ? tasks : tasks.sample(subset, subsetSeed);
  }

  private TaskSet load(Path from) {
    return format == null ? TaskSet.load(from) : TaskSet.load(from, format);
  }

  private TaskSet embedded() {
    if (format != null && format != TaskFormat.AICODEREVAL) {
      throw new ParameterException(
          spec.commandLine(),
          "--dataset "
              + FormatName.name(format)
              + " needs --tasks FILE: of this benchmark nothing is embedded");
    }
    return TaskSet.of(
        EMBEDDED.stream().flatMap(from -> TaskSet.load(from).tasks().stream()).toList());
  }
}
