package io.aicoder.text.jinja;

/**
 * A piece of a template.
 *
 * @param kind what it is
 * @param text its text; of a string the value
 * @param line its line, from 1
 */
record Token(Kind kind, String text, int line) {

  enum Kind {
    TEXT,
    VARIABLE_BEGIN,
    VARIABLE_END,
    BLOCK_BEGIN,
    BLOCK_END,
    NAME,
    STRING,
    INTEGER,
    FLOAT,
    OPERATOR,
    END
  }

  boolean is(Kind expected, String expectedText) {
    return kind == expected && text.equals(expectedText);
  }
}
