package io.aicoder.finetune;

import static com.tngtech.archunit.core.domain.JavaModifier.PUBLIC;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.codeUnits;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.GeneralCodingRules.NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS;
import static com.tngtech.archunit.library.GeneralCodingRules.NO_CLASSES_SHOULD_THROW_GENERIC_EXCEPTIONS;
import static com.tngtech.archunit.library.GeneralCodingRules.NO_CLASSES_SHOULD_USE_JAVA_UTIL_LOGGING;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.stream.Stream;

/** What the classes of fine-tuning may know. */
@AnalyzeClasses(packages = "io.aicoder.finetune", importOptions = DoNotIncludeTests.class)
class ArchitectureTest {

  @ArchTest static final ArchRule QUIET = NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS;

  @ArchTest static final ArchRule ONE_LOGGING = NO_CLASSES_SHOULD_USE_JAVA_UTIL_LOGGING;

  @ArchTest
  static final ArchRule EXCEPTIONS_SAY_WHAT_IS_WRONG = NO_CLASSES_SHOULD_THROW_GENERIC_EXCEPTIONS;

  @ArchTest
  static final ArchRule NO_CYCLES =
      slices().matching("io.aicoder.finetune.(**)").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule STANDS_ON_CORE_ALONE =
      noClasses()
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("io.aicoder.eval..", "io.aicoder.serving..");

  @ArchTest
  static final ArchRule DATA_KNOWS_NO_MODEL =
      noClasses()
          .that()
          .resideInAPackage("io.aicoder.finetune.data")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("ai.djl..", "io.aicoder.llama", "io.aicoder.engine");

  @ArchTest
  static final ArchRule JSON_STAYS_INSIDE =
      codeUnits()
          .that()
          .areDeclaredInClassesThat()
          .arePublic()
          .and()
          .haveModifier(PUBLIC)
          .should(mentionNoJackson());

  private static ArchCondition<JavaCodeUnit> mentionNoJackson() {
    return new ArchCondition<>("mention no types of Jackson") {
      @Override
      public void check(JavaCodeUnit unit, ConditionEvents events) {
        Stream.concat(unit.getRawParameterTypes().stream(), Stream.of(unit.getRawReturnType()))
            .map(JavaClass::getPackageName)
            .filter(name -> name.startsWith("com.fasterxml."))
            .forEach(
                name ->
                    events.add(
                        SimpleConditionEvent.violated(
                            unit, unit.getFullName() + " mentions a type of " + name)));
      }
    };
  }
}
