package io.aicoder.eval.build;

import io.aicoder.CodeModel;
import io.aicoder.eval.build.source.Documentation;
import io.aicoder.eval.run.ProgressListener;
import io.aicoder.eval.sandbox.Limits;
import io.aicoder.eval.sandbox.Sandbox;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** All that a job is to be, complete and checked; and what its dataset depends on. */
record BuildPlan(
    Documentation documentation,
    CodeModel model,
    Sandbox sandbox,
    Path folder,
    Limits limits,
    String environment,
    PromptFolder prompts,
    Generator.Sampling sampling,
    FunctionWriter.Demands demands,
    Selection.Rules rules,
    int functionsPerSection,
    int workers,
    String domain,
    ProgressListener listener) {

  /** Returns what the dataset depends on, for people. */
  Map<String, String> description() {
    Map<String, String> map = new LinkedHashMap<>();
    map.put("generator", model.name());
    map.put("temperature", String.valueOf(sampling.temperature()));
    map.put("most tokens of an answer", String.valueOf(sampling.maxNewTokens()));
    map.put("functions per section", String.valueOf(functionsPerSection));
    map.put("most repairs", String.valueOf(demands.repairs()));
    map.put("kept", demands.policy() == KeepPolicy.ALL ? "all cases succeed" : "any case succeeds");
    map.put("empty functions must fail", String.valueOf(demands.checkTests()));
    map.put("near-duplicates from", String.valueOf(rules.duplicateThreshold()));
    map.put("share of the test split", String.valueOf(rules.testShare()));
    map.put("seed", String.valueOf(sampling.seed()));
    map.put("checked against", String.join(", ", rules.against().keySet()));
    map.put("sandbox", sandbox.name());
    map.put("environment", environment);
    map.put("limits", limits.toString());
    return map;
  }
}
