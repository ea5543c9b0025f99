package io.aicoder.eval.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import io.aicoder.eval.sandbox.LibrarySet.Group;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which libraries a program's interpreter has imported. */
class LibrarySetTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "print('import')|",
        "import os, sys|",
        "important = 1; from_ = numpy|",
        "import numpyro|",
        "x = 1 # import torch|",
        "import numpy|NUMERICS",
        "import os, numpy as np|NUMERICS",
        "import scipy.stats as s|NUMERICS",
        "from PIL import Image|NUMERICS",
        "def f():\\n    from sklearn.svm import SVC|NUMERICS",
        "import matplotlib.pyplot as plt|NUMERICS,PLOTS",
        "import torch|TORCH",
        "import torch;x = 1|TORCH",
        "import os # for torch|",
        "from torch.nn import (\\n    Linear)|TORCH",
        "import seaborn\\nimport torch|NUMERICS,PLOTS,TORCH",
        "from torchvision import transforms|TORCH,VISION",
        "\\timport transformers|TORCH,TRANSFORMERS",
        "import numpy as np, torch|TORCH",
        "import torch, pandas|NUMERICS,TORCH",
        "import tensorflow as tf|",
      })
  void isWhatItsImportLinesName(String program, String groups) {
    Set<Group> found = LibrarySet.of(program.replace("\\n", "\n").replace("\\t", "\t")).groups();
    assertThat(found.stream().sorted().map(Group::name))
        .containsExactly(groups == null ? new String[0] : groups.split(","));
  }
}
