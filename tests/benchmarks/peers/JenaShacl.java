import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.jena.graph.Graph;
import org.apache.jena.graph.Node;
import org.apache.jena.graph.Triple;
import org.apache.jena.query.ARQ;
import org.apache.jena.riot.Lang;
import org.apache.jena.riot.RDFParser;
import org.apache.jena.riot.system.StreamRDF;
import org.apache.jena.riot.system.StreamRDFBase;
import org.apache.jena.shacl.ShaclValidator;
import org.apache.jena.shacl.Shapes;
import org.apache.jena.shacl.ValidationReport;
import org.apache.jena.shacl.engine.ValidationContext;
import org.apache.jena.shacl.parser.Shape;
import org.apache.jena.shacl.validation.ReportEntry;
import org.apache.jena.shacl.validation.VLib;
import org.apache.jena.sparql.graph.GraphFactory;

/**
 * Jena SHACL, kept warm: reads frames from standard input and answers each on standard output.
 *
 * <p>A frame is a count of fields and, for each field, its length and its bytes; the first field
 * says what is asked. What is timed is timed in here, so that no pipe is in a figure.
 */
public class JenaShacl {
  private static final Map<String, Shapes> SHAPES = new HashMap<>();
  private static final Map<String, byte[]> REQUESTS = new HashMap<>();
  private static final Map<String, List<Triple>> INFERRED = new HashMap<>();
  // What every request needs and none changes; each request is added, judged and taken away.
  private static final Graph RESIDENT = GraphFactory.createDefaultGraph();

  public static void main(String[] arguments) throws IOException {
    DataInputStream in = new DataInputStream(System.in);
    DataOutputStream out = new DataOutputStream(System.out);
    System.setOut(new PrintStream(System.err));
    while (true) {
      byte[][] fields;
      try {
        fields = new byte[in.readInt()][];
      } catch (EOFException closed) {
        return;
      }
      for (int i = 0; i < fields.length; i++) {
        fields[i] = new byte[in.readInt()];
        in.readFully(fields[i]);
      }
      String answer;
      try {
        answer = "ok\n" + answer(fields);
      } catch (RuntimeException fault) {
        answer = "error\n" + fault;
      }
      byte[] bytes = answer.getBytes(StandardCharsets.UTF_8);
      out.writeInt(bytes.length);
      out.write(bytes);
      out.flush();
    }
  }

  private static String answer(byte[][] f) {
    switch (text(f[0])) {
      case "version":
        return System.getProperty("java.vm.name") + " " + System.getProperty("java.version");
      case "shapes": // name, Turtle
        SHAPES.put(text(f[1]), Shapes.parse(graph(triples(f[2]))));
        return "";
      case "resident": // Turtle
        triples(f[1]).forEach(RESIDENT::add);
        return "";
      case "request": // name, Turtle, what follows from it and is not resident
        REQUESTS.put(text(f[1]), f[2]);
        INFERRED.put(text(f[1]), triples(f[3]));
        return "";
      case "judge": // shapes, all triples
        return String.join("\n", failing(validated(text(f[1]), graph(triples(f[2])))));
      case "verdicts": // shapes, ending of a twin's name, all triples as N-Triples
        return String.join("\n", failingInTurn(text(f[1]), text(f[2]), graph(triples(f[3], Lang.NTRIPLES))));
      case "report": // shapes, request
        return String.join("\n", failing(resident(text(f[1]), text(f[2]))));
      case "time": // shapes, request, how often
        return timed(text(f[1]), text(f[2]), Integer.parseInt(text(f[3])));
      default:
        throw new IllegalArgumentException(text(f[0]));
    }
  }

  /** Returns nanoseconds, on the clock and of this thread, each from Turtle bytes to a report. */
  private static String timed(String shapes, String request, int times) {
    ThreadMXBean thread = ManagementFactory.getThreadMXBean();
    StringBuilder found = new StringBuilder();
    for (int i = 0; i < times; i++) {
      long before = thread.getCurrentThreadCpuTime();
      long began = System.nanoTime();
      ValidationReport report = resident(shapes, request);
      long took = System.nanoTime() - began;
      long worked = thread.getCurrentThreadCpuTime() - before;
      if (report == null) {
        throw new IllegalStateException();
      }
      found.append(took).append(' ').append(worked).append('\n');
    }
    return found.toString();
  }

  private static ValidationReport resident(String shapes, String request) {
    List<Triple> own = triples(REQUESTS.get(request));
    own.addAll(INFERRED.get(request));
    own.forEach(RESIDENT::add);
    try {
      return validated(shapes, RESIDENT);
    } finally {
      own.forEach(RESIDENT::delete);
    }
  }

  private static ValidationReport validated(String shapes, Graph data) {
    return ShaclValidator.get().validate(SHAPES.get(shapes), data);
  }

  /**
   * Returns the target shapes that fail, each validated by itself and without a report; a twin,
   * whose name is that of another shape and an ending, is validated only if that other failed.
   */
  private static Set<String> failingInTurn(String name, String ending, Graph data) {
    Shapes shapes = SHAPES.get(name);
    Map<String, Shape> waiting = new HashMap<>();
    for (Shape shape : shapes.getTargetShapes()) {
      waiting.put(shape.getShapeNode().toString(), shape);
    }
    Set<String> failed = new TreeSet<>();
    // Queries are planned anew for each request, which takes longer than the plan saves.
    ARQ.getContext().set(ARQ.optimization, false);
    try {
      for (String shape : waiting.keySet()) {
        if (!isTwin(shape, ending, waiting) && !conforms(shapes, waiting.get(shape), data)) {
          failed.add(shape);
          Shape twin = waiting.get(shape + ending);
          if (twin != null && !conforms(shapes, twin, data)) {
            failed.add(shape + ending);
          }
        }
      }
    } finally {
      ARQ.getContext().unset(ARQ.optimization);
    }
    return failed;
  }

  private static boolean isTwin(String shape, String ending, Map<String, Shape> among) {
    return shape.endsWith(ending)
        && among.containsKey(shape.substring(0, shape.length() - ending.length()));
  }

  private static boolean conforms(Shapes shapes, Shape shape, Graph data) {
    ValidationContext found = ValidationContext.create(shapes, data);
    for (Node focus : VLib.focusNodes(data, shape)) {
      VLib.validateShape(found, data, shape, focus);
    }
    return !found.hasViolation();
  }

  private static Set<String> failing(ValidationReport report) {
    Set<String> found = new TreeSet<>();
    for (ReportEntry entry : report.getEntries()) {
      found.add(entry.source().toString());
    }
    return found;
  }

  private static List<Triple> triples(byte[] turtle) {
    return triples(turtle, Lang.TURTLE);
  }

  private static List<Triple> triples(byte[] text, Lang lang) {
    List<Triple> found = new ArrayList<>();
    StreamRDF collector =
        new StreamRDFBase() {
          @Override
          public void triple(Triple triple) {
            found.add(triple);
          }
        };
    RDFParser.source(new ByteArrayInputStream(text)).lang(lang).parse(collector);
    return found;
  }

  private static Graph graph(List<Triple> triples) {
    Graph graph = GraphFactory.createDefaultGraph();
    triples.forEach(graph::add);
    return graph;
  }

  private static String text(byte[] field) {
    return new String(field, StandardCharsets.UTF_8);
  }
}
