package io.aicoder.examples;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The arrows between the modules: see docs/architecture.md. */
@AnalyzeClasses(packages = "io.aicoder", importOptions = DoNotIncludeTests.class)
class ArchitectureTest {

  private static final String EVAL = "io.aicoder.eval..";
  private static final String FINETUNE = "io.aicoder.finetune..";
  private static final String SERVING = "io.aicoder.serving..";
  private static final String EXAMPLES = "io.aicoder.examples..";

  @ArchTest
  static final ArchRule CORE_KNOWS_NO_OTHER_MODULE =
      noClasses()
          .that()
          .resideOutsideOfPackages(EVAL, FINETUNE, SERVING, EXAMPLES)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(EVAL, FINETUNE, SERVING, EXAMPLES);

  @ArchTest
  static final ArchRule EVAL_KNOWS_CORE_ONLY =
      noClasses()
          .that()
          .resideInAPackage(EVAL)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(FINETUNE, SERVING, EXAMPLES);

  @ArchTest
  static final ArchRule FINETUNE_KNOWS_CORE_ONLY =
      noClasses()
          .that()
          .resideInAPackage(FINETUNE)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(EVAL, SERVING, EXAMPLES);

  @ArchTest
  static final ArchRule SERVING_KNOWS_CORE_ONLY =
      noClasses()
          .that()
          .resideInAPackage(SERVING)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(EVAL, FINETUNE, EXAMPLES);

  @ArchTest
  static final ArchRule SERVING_NEEDS_NO_ENGINE =
      noClasses()
          .that()
          .resideInAPackage(SERVING)
          .should()
          .dependOnClassesThat()
          .resideInAPackage("ai.djl.pytorch..");

  @ArchTest
  static final ArchRule PACKAGES_HAVE_NO_CYCLES =
      slices().matching("io.aicoder.(**)").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule LIBRARIES_DO_NOT_PRINT =
      noClasses()
          .that()
          .resideOutsideOfPackage(EXAMPLES)
          .should()
          .accessField(System.class, "out")
          .orShould()
          .accessField(System.class, "err");
}
