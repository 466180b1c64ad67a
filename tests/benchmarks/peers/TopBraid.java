import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/**
 * TopBraid SHACL, kept warm: reads frames from standard input and answers each on standard output.
 *
 * <p>Its jars are for a later Java than the compiler that Debian has, so the five methods that are
 * needed are looked up when this runs. Frames are those of JenaShacl.
 */
public class TopBraid {
  private static final Map<String, Object> SHAPES = new HashMap<>();
  private static final Map<String, byte[]> REQUESTS = new HashMap<>();
  private static final Method CREATE, READ, VALIDATE, MODEL, WRITE;

  static {
    try {
      Class<?> model = Class.forName("org.apache.jena.rdf.model.Model");
      CREATE = Class.forName("org.apache.jena.rdf.model.ModelFactory").getMethod("createDefaultModel");
      READ = model.getMethod("read", InputStream.class, String.class, String.class);
      VALIDATE =
          Class.forName("org.topbraid.shacl.validation.ValidationUtil")
              .getMethod("validateModel", model, model, boolean.class);
      MODEL = Class.forName("org.apache.jena.rdf.model.RDFNode").getMethod("getModel");
      WRITE = model.getMethod("write", OutputStream.class, String.class);
    } catch (ReflectiveOperationException fault) {
      throw new ExceptionInInitializerError(fault);
    }
  }

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
      } catch (InvocationTargetException fault) {
        answer = "error\n" + fault.getCause();
      } catch (ReflectiveOperationException | RuntimeException fault) {
        answer = "error\n" + fault;
      }
      byte[] bytes = answer.getBytes(StandardCharsets.UTF_8);
      out.writeInt(bytes.length);
      out.write(bytes);
      out.flush();
    }
  }

  private static String answer(byte[][] f) throws ReflectiveOperationException {
    switch (text(f[0])) {
      case "shapes": // name, Turtle
        SHAPES.put(text(f[1]), model(f[2]));
        return "";
      case "request": // name, Turtle with all that follows from it
        REQUESTS.put(text(f[1]), f[2]);
        return "";
      case "report": // shapes, request; answers with the whole report as N-Triples
        ByteArrayOutputStream written = new ByteArrayOutputStream();
        WRITE.invoke(MODEL.invoke(report(text(f[1]), text(f[2]))), written, "N-TRIPLES");
        return written.toString(StandardCharsets.UTF_8);
      case "time": // shapes, request, how often
        return timed(text(f[1]), text(f[2]), Integer.parseInt(text(f[3])));
      default:
        throw new IllegalArgumentException(text(f[0]));
    }
  }

  /** Returns nanoseconds, on the clock and of this thread, each from Turtle bytes to a report. */
  private static String timed(String shapes, String request, int times)
      throws ReflectiveOperationException {
    ThreadMXBean thread = ManagementFactory.getThreadMXBean();
    StringBuilder found = new StringBuilder();
    for (int i = 0; i < times; i++) {
      long before = thread.getCurrentThreadCpuTime();
      long began = System.nanoTime();
      report(shapes, request);
      long took = System.nanoTime() - began;
      long worked = thread.getCurrentThreadCpuTime() - before;
      found.append(took).append(' ').append(worked).append('\n');
    }
    return found.toString();
  }

  private static Object report(String shapes, String request) throws ReflectiveOperationException {
    return VALIDATE.invoke(null, model(REQUESTS.get(request)), SHAPES.get(shapes), false);
  }

  private static Object model(byte[] turtle) throws ReflectiveOperationException {
    Object model = CREATE.invoke(null);
    READ.invoke(model, new ByteArrayInputStream(turtle), null, "TURTLE");
    return model;
  }

  private static String text(byte[] field) {
    return new String(field, StandardCharsets.UTF_8);
  }
}
