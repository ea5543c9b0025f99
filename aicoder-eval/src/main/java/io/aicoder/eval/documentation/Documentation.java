package io.aicoder.eval.documentation;

import io.aicoder.error.AiCoderException;
import io.aicoder.error.ErrorCategory;
import io.aicoder.eval.sandbox.PythonEnvironment;
import io.aicoder.eval.sandbox.Sandbox;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.en.EnglishAnalyzer;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.StoredField;
import org.apache.lucene.document.StringField;
import org.apache.lucene.document.TextField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.index.StoredFields;
import org.apache.lucene.index.Term;
import org.apache.lucene.search.BooleanClause;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.BoostQuery;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.NIOFSDirectory;
import org.apache.lucene.util.IOUtils;
import org.apache.lucene.util.QueryBuilder;
import org.jspecify.annotations.Nullable;

/**
 * The docstrings of the installed Python libraries, found by BM25 (Lucene's default similarity)
 * over names and texts.
 *
 * <p>The index is made once and kept in a folder, under a hash of the interpreter's and the
 * libraries' versions; other versions make another. The owner closes it. Safe for use by several
 * threads.
 */
public final class Documentation implements AutoCloseable {

  /** Raised whenever entries are made or indexed in another way than before. */
  private static final int METHOD = 1;

  private static final float NAME_BOOST = 3;
  private static final float NAME_IN_PROSE_BOOST = 0.5f;
  private static final float SUMMARY_BOOST = 2;
  private static final float EXACT_BOOST = 50;

  private final Analyzer analyzer;
  private final Directory directory;
  private final DirectoryReader reader;
  private final String fingerprint;

  private Documentation(Path folder, String fingerprint) throws IOException {
    this.fingerprint = fingerprint;
    analyzer = new EnglishAnalyzer();
    directory = new NIOFSDirectory(folder);
    reader = DirectoryReader.open(directory);
  }

  /**
   * Opens the index, and makes it first when these versions have none yet, which takes about a
   * minute for the usual libraries.
   *
   * @param cache the folder that indexes are kept in
   * @param python the interpreter whose libraries are indexed
   * @param modules their top-level modules, such as {@code torch} and {@code sklearn}
   * @param sandbox where they are imported; stays the caller's
   * @throws AiCoderException (ENVIRONMENT) when the folder cannot be written or read
   */
  public static Documentation open(
      Path cache, PythonEnvironment python, Collection<String> modules, Sandbox sandbox) {
    String fingerprint = fingerprint(python, modules);
    Path folder = cache.resolve(fingerprint);
    try {
      if (!Files.isDirectory(folder)) {
        Files.createDirectories(cache);
        Path part = Files.createTempDirectory(cache, "part");
        try {
          write(part, new TreeSet<>(modules), sandbox);
          moveIfAbsent(part, folder);
        } finally {
          IOUtils.rm(part);
        }
      }
      return new Documentation(folder, fingerprint);
    } catch (IOException e) {
      throw failed(cache, e);
    }
  }

  private static AiCoderException failed(Path folder, IOException e) {
    return new AiCoderException(
        ErrorCategory.ENVIRONMENT,
        folder + ": the documentation's index cannot be written or read (" + e + "); delete it",
        e);
  }

  private static String fingerprint(PythonEnvironment python, Collection<String> modules) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      String versions =
          METHOD
              + "\u0000"
              + python.version()
              + "\u0000"
              + new TreeSet<>(modules)
              + "\u0000"
              + new TreeMap<>(python.libraries());
      return HexFormat.of()
          .formatHex(digest.digest(versions.getBytes(StandardCharsets.UTF_8)))
          .substring(0, 32);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  private static void write(Path folder, Collection<String> modules, Sandbox sandbox)
      throws IOException {
    try (Analyzer analyzer = new EnglishAnalyzer();
        Directory directory = new NIOFSDirectory(folder);
        IndexWriter writer = new IndexWriter(directory, new IndexWriterConfig(analyzer))) {
      for (String module : modules) {
        for (DocEntry entry : Docstrings.of(module, sandbox)) {
          Document document = new Document();
          document.add(new StringField("exact", entry.name(), Field.Store.YES));
          document.add(new TextField("name", words(entry.name()), Field.Store.NO));
          document.add(new TextField("summary", summary(entry.text()), Field.Store.NO));
          document.add(new TextField("text", entry.text(), Field.Store.YES));
          document.add(new StoredField("kind", entry.kind()));
          document.add(new StoredField("signature", entry.signature()));
          writer.addDocument(document);
        }
      }
    }
  }

  /** Another process may have made the same index meanwhile: either is as good. */
  private static void moveIfAbsent(Path part, Path folder) throws IOException {
    try {
      Files.move(part, folder, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      if (!Files.isDirectory(folder)) {
        throw e;
      }
    }
  }

  /** Splits names as people ask for them: at dots, underscores and where capitals begin. */
  private static String words(String name) {
    return name.replaceAll("[._]+", " ").replaceAll("(?<=[a-z0-9])(?=[A-Z])", " ")
        + " "
        + name.substring(name.lastIndexOf('.') + 1);
  }

  /** A docstring's first line says what the thing is for. */
  private static String summary(String text) {
    return text.strip().split("\n", 2)[0];
  }

  /** Returns what identifies the indexed versions: equal fingerprints find the same. */
  public String fingerprint() {
    return fingerprint;
  }

  /** Returns the number of entries. */
  public int size() {
    return reader.numDocs();
  }

  /**
   * Finds what fits a question best.
   *
   * @param question a name, such as {@code torch.softmax}, or words
   * @param count the most entries, 1 or more
   * @return the entries, best first; none when nothing fits
   */
  public List<DocEntry> find(String question, int count) {
    String asked = question.strip();
    QueryBuilder builder = new QueryBuilder(analyzer);
    BooleanQuery.Builder query = new BooleanQuery.Builder();
    query.add(
        new BoostQuery(
            new TermQuery(new Term("exact", asked.replaceAll("\\(.*", ""))), EXACT_BOOST),
        BooleanClause.Occur.SHOULD);
    boolean prose = asked.contains(" ") && !asked.contains("(");
    add(
        query,
        builder.createBooleanQuery("name", words(asked)),
        prose ? NAME_IN_PROSE_BOOST : NAME_BOOST);
    add(query, builder.createBooleanQuery("summary", asked), SUMMARY_BOOST);
    add(query, builder.createBooleanQuery("text", asked), 1);
    try {
      IndexSearcher searcher = new IndexSearcher(reader);
      StoredFields fields = searcher.storedFields();
      List<DocEntry> found = new ArrayList<>();
      for (ScoreDoc hit : searcher.search(query.build(), count).scoreDocs) {
        found.add(entry(fields.document(hit.doc)));
      }
      return found;
    } catch (IOException e) {
      throw new UncheckedIOException("the documentation's index broke while it was read", e);
    }
  }

  /** A question without words makes no query. */
  private static void add(BooleanQuery.Builder query, @Nullable Query part, float boost) {
    if (part != null) {
      query.add(new BoostQuery(part, boost), BooleanClause.Occur.SHOULD);
    }
  }

  private static DocEntry entry(Document document) {
    return new DocEntry(
        document.get("exact"),
        document.get("kind"),
        document.get("signature"),
        document.get("text"));
  }

  @Override
  public void close() {
    analyzer.close();
    try (directory) {
      reader.close();
    } catch (IOException e) {
      throw new UncheckedIOException("the documentation's index cannot be closed", e);
    }
  }
}
