package io.aicoder;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongToAnyOf;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.equivalentTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaModifier.PUBLIC;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.codeUnits;
import static com.tngtech.archunit.library.GeneralCodingRules.NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS;
import static com.tngtech.archunit.library.GeneralCodingRules.NO_CLASSES_SHOULD_THROW_GENERIC_EXCEPTIONS;
import static com.tngtech.archunit.library.GeneralCodingRules.NO_CLASSES_SHOULD_USE_JAVA_UTIL_LOGGING;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import ai.djl.Device;
import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import io.aicoder.llama.TrainingProgram;

/** The rooms of the house and the doors between them. */
@AnalyzeClasses(packages = "io.aicoder", importOptions = DoNotIncludeTests.class)
class ArchitectureTest {

  private static final String ERROR = "io.aicoder.error";
  private static final String GENERATE = "io.aicoder.generate";
  private static final String CONSTRAIN = "io.aicoder.constrain";

  @ArchTest static final ArchRule QUIET = NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS;

  @ArchTest static final ArchRule ONE_LOGGING = NO_CLASSES_SHOULD_USE_JAVA_UTIL_LOGGING;

  @ArchTest
  static final ArchRule EXCEPTIONS_SAY_WHAT_IS_WRONG = NO_CLASSES_SHOULD_THROW_GENERIC_EXCEPTIONS;

  @ArchTest
  static final ArchRule NO_CYCLES = slices().matching("io.aicoder.(**)").should().beFreeOfCycles();

  @ArchTest static final ArchRule ERRORS_NEED_NOTHING = knowsOnly(ERROR);

  @ArchTest static final ArchRule REQUESTS_ARE_PLAIN = knowsOnly(GENERATE, CONSTRAIN, ERROR);

  @ArchTest static final ArchRule CHECKPOINTS_ARE_FILES = knowsOnly("io.aicoder.checkpoint", ERROR);

  @ArchTest
  static final ArchRule TEXT_KNOWS_NO_MODEL = knowsOnly("io.aicoder.text", GENERATE, ERROR);

  @ArchTest static final ArchRule CONSTRAINTS_KNOW_NO_MODEL = knowsOnly(CONSTRAIN, ERROR);

  @ArchTest
  static final ArchRule THE_MODEL_KNOWS_NO_TEXT =
      knowsOnly("io.aicoder.llama", "io.aicoder.checkpoint", ERROR);

  @ArchTest
  static final ArchRule THE_ENGINE_KNOWS_NO_FILES =
      knowsOnly("io.aicoder.engine", "io.aicoder.llama", "io.aicoder.text", GENERATE, ERROR);

  @ArchTest
  static final ArchRule LIBRARIES_STAY_INSIDE =
      codeUnits()
          .that()
          .areDeclaredInClassesThat()
          .arePublic()
          .and()
          .haveModifier(PUBLIC)
          .and()
          // What a block of DJL's Trainer computes with: its arrays carry the gradients.
          .areDeclaredInClassesThat(not(belongToAnyOf(TrainingProgram.class)))
          .should(
              mentionNone(
                  resideInAnyPackage(
                          "ai.djl..",
                          "com.fasterxml..",
                          "com.google..",
                          "com.oracle..",
                          "org.apache.lucene..",
                          "org.slf4j..")
                      // What a user of DJL calls a device; it holds nothing.
                      .and(not(equivalentTo(Device.class)))));

  private static ArchRule knowsOnly(String room, String... doors) {
    DescribedPredicate<JavaClass> others =
        resideInAnyPackage("io.aicoder..")
            .and(not(resideInAnyPackage(room)))
            .and(not(resideInAnyPackage(doors)));
    return classes()
        .that()
        .resideInAPackage(room)
        .should()
        .onlyDependOnClassesThat(
            not(others).as("are of %s or of %s", room, String.join(", ", doors)));
  }

  private static ArchCondition<JavaCodeUnit> mentionNone(DescribedPredicate<JavaClass> types) {
    return new ArchCondition<>("mention no types of libraries") {
      @Override
      public void check(JavaCodeUnit unit, ConditionEvents events) {
        unit.getRawParameterTypes().stream()
            .filter(types)
            .forEach(
                type ->
                    events.add(
                        SimpleConditionEvent.violated(
                            unit, unit.getFullName() + " takes a " + type.getName())));
        if (types.test(unit.getRawReturnType())) {
          events.add(
              SimpleConditionEvent.violated(
                  unit, unit.getFullName() + " returns a " + unit.getRawReturnType().getName()));
        }
      }
    };
  }
}
