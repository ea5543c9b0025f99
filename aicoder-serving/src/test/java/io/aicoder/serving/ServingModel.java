package io.aicoder.serving;

import ai.djl.Device;
import ai.djl.MalformedModelException;
import ai.djl.inference.Predictor;
import ai.djl.inference.streaming.PublisherBytesSupplier;
import ai.djl.modality.Input;
import ai.djl.modality.Output;
import ai.djl.ndarray.BytesSupplier;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ModelNotFoundException;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.translate.TranslateException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.Reader;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.TimeUnit;

/**
 * A model folder loaded as DJL Serving's workload manager does it: {@code option.} keys become
 * options, all others arguments of the factories, and {@code Criteria} does the rest.
 */
final class ServingModel implements AutoCloseable {

  static final Path REPOSITORY = Path.of("..").toAbsolutePath().normalize();
  static final ObjectMapper MAPPER = new ObjectMapper();

  private final ZooModel<Input, Output> model;
  private final Predictor<Input, Output> predictor;

  ServingModel(Path folder) throws IOException, ModelNotFoundException, MalformedModelException {
    Map<String, String> options = new HashMap<>();
    Map<String, Object> arguments = new HashMap<>();
    Properties properties = new Properties();
    try (Reader reader = Files.newBufferedReader(folder.resolve("serving.properties"))) {
      properties.load(reader);
    }
    for (String key : properties.stringPropertyNames()) {
      if (key.startsWith("option.")) {
        options.put(key.substring("option.".length()), properties.getProperty(key));
      } else {
        arguments.put(key, properties.getProperty(key));
      }
    }
    model =
        Criteria.builder()
            .setTypes(Input.class, Output.class)
            .optModelUrls(folder.toUri().toString())
            .optEngine(properties.getProperty("engine"))
            .optArguments(arguments)
            .optOptions(options)
            .optDevice(Device.cpu())
            .build()
            .loadModel();
    predictor = model.newPredictor();
  }

  Output post(Object body) throws TranslateException, IOException {
    StringWriter json = new StringWriter();
    MAPPER.writeValue(json, body);
    return postRaw(json.toString());
  }

  Output postRaw(String body) throws TranslateException {
    Input input = new Input();
    input.addProperty("Content-Type", "application/json");
    input.add("data", body.getBytes(StandardCharsets.UTF_8));
    return predictor.predict(input);
  }

  static JsonNode json(Output output) throws IOException {
    return MAPPER.readTree(output.getData().getAsBytes());
  }

  /** Takes a stream to its end and returns the data of its events. */
  static List<String> events(Output output) throws Exception {
    BytesSupplier data = output.getData();
    StringBuilder text = new StringBuilder();
    ((PublisherBytesSupplier) data)
        .subscribe(
            bytes -> {
              if (bytes != null) {
                text.append(new String(bytes, StandardCharsets.UTF_8));
              }
            })
        .get(60, TimeUnit.SECONDS);
    List<String> events = new ArrayList<>();
    for (String event : text.toString().split("\n\n")) {
      events.add(event.substring("data: ".length()));
    }
    return events;
  }

  @Override
  public void close() {
    predictor.close();
    model.close();
  }
}
