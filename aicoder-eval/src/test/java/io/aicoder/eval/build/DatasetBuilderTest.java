package io.aicoder.eval.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import io.aicoder.eval.ScriptedSandbox;
import io.aicoder.eval.remote.LoopbackEndpoint;
import io.aicoder.eval.remote.Prices;
import io.aicoder.eval.remote.RecordedModel;
import io.aicoder.eval.remote.RecordingModel;
import io.aicoder.eval.remote.RemoteModel;
import io.aicoder.eval.run.GroundTruthGate;
import io.aicoder.eval.run.ProgressListener;
import io.aicoder.eval.sandbox.Limits;
import io.aicoder.eval.sandbox.RealPython;
import io.aicoder.eval.sandbox.Sandbox;
import io.aicoder.eval.task.Task;
import io.aicoder.eval.task.TaskSet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DatasetBuilderTest {

  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path folder;
  private final Path docs;
  private Path out;
  private final LoopbackEndpoint endpoint;
  private final ScriptedSandbox scripted = new ScriptedSandbox(GeneratorScript::run);

  DatasetBuilderTest(@TempDir Path folder) throws IOException {
    this.folder = folder;
    docs = folder.resolve("docs");
    out = folder.resolve("out");
    endpoint = LoopbackEndpoint.conversing(GeneratorScript::answer);
  }

  @AfterEach
  void closeEndpoint() {
    endpoint.close();
  }

  private DatasetBuilder.Builder job(RemoteModel model, Sandbox sandbox) {
    return DatasetBuilder.builder()
        .setDocumentation(GeneratorScript.read(docs))
        .setModel(model)
        .setSandbox(sandbox)
        .setFolder(out)
        .optTemperature(0)
        .optWorkers(2);
  }

  private BuildResult build() {
    try (RemoteModel model = endpoint.model().build()) {
      return job(model, scripted).build().run();
    }
  }

  private Map<String, String> rejected() throws IOException {
    Map<String, String> reasons = new TreeMap<>();
    for (String line : Files.readAllLines(out.resolve("rejected.jsonl"))) {
      JsonNode record = JSON.readTree(line);
      String heading = record.path("source_headings").get(1).asText();
      reasons.put(heading.replaceAll(":.*", ""), record.get("reason").asText());
    }
    return reasons;
  }

  private static List<String> names(TaskSet tasks) {
    return tasks.tasks().stream().map(Task::entryPoint).toList();
  }

  @Test
  void makesADatasetWithRealPython() throws IOException {
    GeneratorScript.document(
        docs.resolve("lib/a.md"), List.of("sum_up: good", "mend: repaired", "fit: reshaped"));
    GeneratorScript.document(
        docs.resolve("lib/b.md"),
        List.of(
            "copy_of_sum_up: copy",
            "never: fails",
            "hollow: vacuous",
            "poet: prose",
            "half: partial",
            "far: network",
            "lacking: needs_library"));
    GeneratorScript.document(docs.resolve("lib/c.md"), List.of("other: good"));
    try (Sandbox sandbox = RealPython.sandboxOrSkip(2);
        RemoteModel model = endpoint.model().optPrices(new Prices(1, 2)).build()) {
      BuildResult result =
          job(model, sandbox).optRepairs(1).optTestShare(0.4).optSeed(3).build().run();

      assertThat(rejected())
          .containsExactlyInAnyOrderEntriesOf(
              Map.of(
                  "copy_of_sum_up", "duplicate",
                  "never", "failed",
                  "hollow", "vacuous_test",
                  "poet", "schema",
                  "half", "partial",
                  "far", "network",
                  "lacking", "missing_library"));
      Set<String> all = new HashSet<>(names(result.train()));
      all.addAll(names(result.test()));
      assertThat(all).containsExactlyInAnyOrder("sum_up", "mend", "fit", "other");
      assertThat(result.datasheet().keptByRepairs()).containsEntry(1, 2);
      GroundTruthGate gate =
          new GroundTruthGate(sandbox, Limits.DEFAULT, "", 2, ProgressListener.SILENT);
      assertThat(gate.check(TaskSet.load(out.resolve("train.jsonl")), List.of(), null).runnable())
          .hasSize(result.train().size());
      assertThat(gate.check(TaskSet.load(out.resolve("test.jsonl")), List.of(), null).runnable())
          .hasSize(result.test().size());
      Datasheet.Cost cost = result.datasheet().cost();
      assertThat(cost.answers()).isEqualTo(11 + 8).isEqualTo(endpoint.requests.size());
      assertThat(cost.usd()).isEqualTo((cost.promptTokens() + 2.0 * cost.completionTokens()) / 1e6);
    }
  }

  private void twoDocuments() throws IOException {
    GeneratorScript.document(docs.resolve("lib/a.md"), List.of("one: good", "two: repaired"));
    GeneratorScript.document(docs.resolve("lib/b.md"), List.of("three: good", "four: partial"));
  }

  private Map<String, String> files() throws IOException {
    Map<String, String> files = new TreeMap<>();
    try (var list = Files.list(out)) {
      for (Path file : list.filter(Files::isRegularFile).toList()) {
        files.put(file.getFileName().toString(), Files.readString(file));
      }
    }
    return files;
  }

  @Test
  void writesTheFormatsAndADatasheet() throws IOException {
    twoDocuments();
    Files.writeString(docs.resolve("lib/LICENSE"), "Apache License, Version 2.0");
    BuildResult result = build();

    assertThat(files().keySet())
        .containsExactly(
            "datasheet.json",
            "datasheet.md",
            "rejected.jsonl",
            "test-instruction-format.jsonl",
            "test.jsonl",
            "train-instruction-format.jsonl",
            "train.jsonl");
    JsonNode record = JSON.readTree(Files.readAllLines(out.resolve("train.jsonl")).get(0));
    Task task = result.train().tasks().get(0);
    assertThat(record.get("path").asText()).isEqualTo("lib/" + task.entryPoint() + ".py");
    assertThat(record.get("function_req").asText()).isEqualTo("numpy");
    assertThat(record.get("source_licence").asText()).isEqualTo("Apache-2.0");
    assertThat(record.get("instruct").asText() + record.get("answer").asText())
        .isEqualTo("\n\n" + task.functionCode());
    Path content = Files.writeString(folder.resolve("content.jsonl"), onlyContent(record));
    Task again = TaskSet.load(content).tasks().get(0);
    assertThat(again.program(again.reference())).isEqualTo(task.program(task.reference()));
    JsonNode instruction =
        JSON.readTree(Files.readAllLines(out.resolve("train-instruction-format.jsonl")).get(0));
    assertThat(instruction.get("instruction").asText()).isEqualTo(task.instruction());
    assertThat(instruction.get("output").asText()).isEqualTo(task.reference());
    JsonNode sheet = JSON.readTree(files().get("datasheet.json"));
    assertThat(sheet.get("stages").toString())
        .isEqualTo(
            "{'documents':2,'sections':4,'sections long enough':4,'sections without repetitions':4,"
                    .concat("'functions asked for':4,'functions in the six fields':4,")
                    .concat("'functions with a case that succeeds':4,")
                    .concat(
                        "'functions whose cases all succeed':3,'functions kept by the policy':3,")
                    .concat(
                        "'functions that ran twice alike':3,'functions without near-duplicates':3,")
                    .replace('\'', '"')
                + "\"tasks for training\":"
                + result.train().size()
                + ",\"tasks for testing\":"
                + result.test().size()
                + "}");
    assertThat(sheet.get("rejections").toString()).isEqualTo("{\"partial\":1}");
    assertThat(sheet.at("/train/licences").toString())
        .isEqualTo("{\"Apache-2.0\":" + result.train().size() + "}");
    assertThat(files().get("datasheet.md"))
        .contains("| functions asked for | 4 |", "| partial | 1 |", "price unknown");
  }

  private static String onlyContent(JsonNode record) {
    return JSON.createObjectNode()
        .put("path", "x")
        .put("content", record.get("content").asText())
        .toString();
  }

  @Test
  void noDocumentIsOnBothSides() throws IOException {
    for (int i = 0; i < 10; i++) {
      GeneratorScript.document(
          docs.resolve("lib/" + i + ".md"), List.of("f" + i + ": good", "g" + i + ": repaired"));
    }
    BuildResult result = build();
    assertThat(result.test().size()).isEqualTo(4);
    assertThat(result.train().size()).isEqualTo(16);
    Set<String> numbers = new HashSet<>();
    names(result.test()).forEach(name -> numbers.add(name.substring(1)));
    assertThat(numbers).hasSize(2);
    assertThat(names(result.train())).noneMatch(name -> numbers.contains(name.substring(1)));
  }

  @Test
  void whatWentWrongIsFedBack() throws IOException {
    GeneratorScript.document(docs.resolve("lib/a.md"), List.of("mend: repaired", "fit: reshaped"));
    build();
    Map<String, String> feedback = new TreeMap<>();
    for (JsonNode request : endpoint.requests) {
      JsonNode messages = request.get("messages");
      if (messages.size() == 3) {
        feedback.put(
            GeneratorScript.identityOfRequest(messages), messages.get(2).get("content").asText());
        assertThat(messages.get(1).get("role").asText()).isEqualTo("assistant");
      }
    }
    assertThat(feedback).hasSize(2);
    assertThat(feedback.get("Section: Guide > fit: reshaped 1"))
        .contains("- call_test_function_line: is absent");
    assertThat(feedback.get("Section: Guide > mend: repaired 1"))
        .contains("wrong, 0 of 3 cases succeeded", "NameError: name 'x' is not defined");
    assertThat(endpoint.requests.get(0).get("messages").get(0).get("content").asText())
        .contains("of the Python library lib", "1. Requirement.", "6. Data.", "Section: Guide > ");
  }

  @Test
  void aFinishedJobCostsNothingAndWritesTheSame() throws IOException {
    twoDocuments();
    build();
    Map<String, String> first = files();
    int asked = endpoint.requests.size();
    int run = scripted.programs.size();
    build();
    assertThat(files()).isEqualTo(first);
    assertThat(endpoint.requests).hasSize(asked);
    assertThat(scripted.programs).hasSize(run);
  }

  @Test
  void partialFunctionsAreForTrainingOnly() throws IOException {
    GeneratorScript.document(docs.resolve("lib/a.md"), List.of("one: partial", "two: good"));
    GeneratorScript.document(docs.resolve("lib/b.md"), List.of("three: partial", "four: good"));
    try (RemoteModel model = endpoint.model().build()) {
      BuildResult result =
          job(model, scripted)
              .optPolicy(KeepPolicy.ANY)
              .optTestShare(0.5)
              .optRepairs(0)
              .build()
              .run();
      assertThat(rejected().values()).containsExactly("partial_in_test");
      assertThat(result.train().size()).isEqualTo(2);
      assertThat(result.test().size()).isEqualTo(1);
    }
  }

  @Test
  void trainingGivesNoOtherBenchmarkAway() throws IOException {
    twoDocuments();
    GeneratedFunction known =
        new GeneratedFunction(
            "one", "", "def one(x: int = 0):\n    return 0", "", "test_one()", "");
    try (RemoteModel model = endpoint.model().build()) {
      job(model, scripted)
          .optTestShare(0)
          .optAgainst(Map.of("Known", TaskSet.of(List.of(known.task("K/1", "", "")))))
          .build()
          .run();
    }
    assertThat(rejected()).containsEntry("one", "contaminated");
    assertThat(files().get("rejected.jsonl"))
        .contains("has the name and the parameters of Known's K/1");
  }

  @Test
  void functionsThatDoNotRunTwiceAlikeAreLeftOut() throws IOException {
    twoDocuments();
    AtomicInteger runs = new AtomicInteger();
    ScriptedSandbox moody =
        new ScriptedSandbox(
            program ->
                program.contains("def test_one()")
                    ? ScriptedSandbox.cases(true, true, runs.incrementAndGet() == 1)
                    : GeneratorScript.run(program));
    try (RemoteModel model = endpoint.model().build()) {
      job(model, moody).optCheckTests(false).build().run();
    }
    assertThat(rejected()).containsEntry("one", "flaky");
  }

  @Test
  void aRecordedJobNeedsNoEndpoint() throws IOException {
    twoDocuments();
    Path recording = folder.resolve("recording.jsonl");
    try (RecordingModel model = new RecordingModel(endpoint.model().build(), recording)) {
      DatasetBuilder.builder()
          .setDocumentation(GeneratorScript.read(docs))
          .setModel(model)
          .setSandbox(scripted)
          .setFolder(out)
          .build()
          .run();
    }
    Map<String, String> online = files();
    endpoint.close();
    out = folder.resolve("offline");
    DatasetBuilder.builder()
        .setDocumentation(GeneratorScript.read(docs))
        .setModel(RecordedModel.load(recording))
        .setSandbox(scripted)
        .setFolder(out)
        .build()
        .run();
    assertThat(files()).isEqualTo(online);
  }

  @Test
  void anEndpointThatFailsStopsTheJobAndNothingIsAskedTwice() throws IOException {
    twoDocuments();
    try (RemoteModel model = endpoint.model().build()) {
      DatasetBuilder job = job(model, scripted).optWorkers(1).build();
      failAfter(2, LoopbackEndpoint.status(503, "overloaded"));
      assertThatThrownBy(job::run)
          .isInstanceOfSatisfying(
              AiCoderException.class,
              e -> assertThat(e.category()).isEqualTo(ErrorCategory.EXECUTION))
          .hasMessageContaining("overloaded");
      assertThat(endpoint.requests).hasSize(3);
      assertThat(job.run().train().size()).isGreaterThan(0);
    }
    Set<String> asked = new HashSet<>();
    endpoint.requests.forEach(
        request -> asked.add(GeneratorScript.identityOfRequest(request.get("messages"))));
    // four sections, one repair, three vain ones; one request failed
    assertThat(asked).hasSize(8);
    assertThat(endpoint.requests.size()).isEqualTo(9);
  }

  private void failAfter(int answers, LoopbackEndpoint.Fault... faults) {
    LoopbackEndpoint.Fault[] all = new LoopbackEndpoint.Fault[answers + faults.length];
    for (int i = 0; i < answers; i++) {
      all[i] = endpoint::answer;
    }
    System.arraycopy(faults, 0, all, answers, faults.length);
    endpoint.failWith(all);
  }

  @Test
  void aSectionThatTheModelRefusesIsLeftOut() throws IOException {
    twoDocuments();
    LoopbackEndpoint.Fault refusal = LoopbackEndpoint.status(400, "content policy");
    try (RemoteModel model = endpoint.model().build()) {
      DatasetBuilder job = job(model, scripted).optWorkers(1).build();
      // in each of the three forms
      endpoint.failWith(refusal, refusal, refusal);
      assertThatThrownBy(job::run).hasMessageContaining("content policy");
      failAfter(1, refusal, refusal, refusal);
      job.run();
    }
    assertThat(rejected()).containsEntry("two", "refused");
  }

  @Test
  void aFolderThatCannotBeUsedIsRefusedBeforeAnythingIsPaid() throws IOException {
    twoDocuments();
    Files.writeString(out, "a file");
    assertThatThrownBy(this::build)
        .isInstanceOfSatisfying(
            AiCoderException.class,
            e -> assertThat(e.category()).isEqualTo(ErrorCategory.ENVIRONMENT))
        .hasMessageContaining("cannot be read or written");
    Files.delete(out);
    Files.createDirectories(out.resolve("job"));
    Files.writeString(out.resolve("job/answers.jsonl"), "{\"key\": \"k\"}\n");
    assertThatThrownBy(this::build)
        .hasMessageContaining("answers.jsonl: line 1: is no line of a dataset job")
        .hasMessageContaining("text is absent");
    assertThat(endpoint.requests).isEmpty();
  }

  @Test
  void aFileThatCannotBeWrittenAtTheEndLosesNothing() throws IOException {
    twoDocuments();
    Files.createDirectories(out.resolve("train.jsonl/in the way"));
    assertThatThrownBy(this::build).hasMessageContaining("train.jsonl: cannot be written");
    int asked = endpoint.requests.size();
    Files.delete(out.resolve("train.jsonl/in the way"));
    Files.delete(out.resolve("train.jsonl"));
    assertThat(build().train().size()).isGreaterThan(0);
    assertThat(endpoint.requests).hasSize(asked);
  }

  @Test
  void nothingToWorkWithIsRefusedAndNothingKeptIsNot() throws IOException {
    GeneratorScript.document(docs.resolve("lib/a.md"), List.of("poet: prose"));
    BuildResult result = build();
    assertThat(result.train().size() + result.test().size()).isZero();
    assertThat(files().get("train.jsonl")).isEmpty();
    assertThat(rejected()).containsExactlyEntriesOf(Map.of("poet", "schema"));

    Files.writeString(docs.resolve("lib/a.md"), "# Only a heading\n");
    assertThatThrownBy(this::build).hasMessageContaining("no section that is long enough");
  }

  @Test
  void optionsOutOfRangeAreRefused() {
    assertThatThrownBy(() -> DatasetBuilder.builder().optTestShare(1))
        .hasMessage("testShare is 1.0: it must be 0 or more and below 1");
    assertThatThrownBy(() -> DatasetBuilder.builder().optDuplicateThreshold(Double.NaN))
        .hasMessageContaining("duplicateThreshold");
    assertThatThrownBy(() -> DatasetBuilder.builder().build())
        .hasMessage("documentation is not set");
    assertThatThrownBy(
            () -> DatasetBuilder.builder().optTemperature(0).optFunctionsPerSection(2).build())
        .hasMessageContaining("it must be 1 at temperature 0");
  }
}
