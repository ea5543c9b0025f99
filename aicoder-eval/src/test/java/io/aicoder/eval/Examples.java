package io.aicoder.eval;

import io.aicoder.eval.task.Task;
import io.aicoder.eval.task.TaskSet;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Tasks for tests: small made-up ones, and the nano set in the repository. */
public final class Examples {

  private Examples() {}

  /** Returns the repository's root. */
  public static Path repository() {
    String root = System.getProperty("aicoder.repository");
    return root == null ? Path.of("..") : Path.of(root);
  }

  /** Returns the 125 nano tasks. */
  public static TaskSet nano() {
    return TaskSet.load(nanoFile());
  }

  public static Path nanoFile() {
    return repository().resolve("examples/nano/tasks/test.jsonl");
  }

  /** Returns a task whose function is called {@code f<number>}. */
  public static Task task(int number) {
    String head = "def f" + number + "(x):\n    \"\"\"Give x back.\"\"\"\n";
    return new Task(
        "test/" + number,
        "numpy",
        "import numpy as np",
        head + "    return x",
        "def test_f"
            + number
            + "():\n    print(\"Testing started.\")\n"
            + "    print(\"Test case [1/3] succeeded\")\n    print(\"Testing finished.\")",
        "test_f" + number + "()",
        "import numpy as np\n\n" + head,
        "    return x",
        number % 2 == 0 ? "even" : "odd",
        "numpy");
  }

  /** Returns tasks 0 to count - 1. */
  public static TaskSet tasks(int count) {
    List<Task> tasks = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      tasks.add(task(i));
    }
    return TaskSet.of(tasks);
  }
}
