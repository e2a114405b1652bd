import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A small shop: `GET /` shows its orders, `POST /` takes one. What it knows is in the database alone, so any number of
 * these can run side by side, and each can be stopped at any time.
 */
public class Shop {
    static final String VERSION = setting("VERSION", "1");
    static final String TABLE = setting("TABLE", "orders");
    static final String URL = "jdbc:mariadb://" + setting("DB_HOST", "shop-db") + ":3306/" + setting("DB_NAME", "shop")
        + "?connectTimeout=2000&socketTimeout=5000";
    static final ConcurrentLinkedQueue<Connection> idle = new ConcurrentLinkedQueue<>();
    static volatile boolean leaving = false;

    interface Work<T> {
        T with(Connection connection) throws SQLException;
    }

    static String setting(String name, String otherwise) {
        var value = System.getenv(name);
        return value == null || value.isEmpty() ? otherwise : value;
    }

    /** With a connection that was used before, or, where that broke meanwhile, with a new one. */
    static <T> T database(Work<T> work) throws SQLException {
        for (var old = idle.poll(); old != null; old = idle.poll()) {
            if (!old.isValid(1)) continue;
            var result = work.with(old);
            idle.add(old);
            return result;
        }
        var fresh = DriverManager.getConnection(URL, System.getenv("DB_USER"), System.getenv("DB_PASSWORD"));
        var result = work.with(fresh);
        idle.add(fresh);
        return result;
    }

    static String orders() throws SQLException {
        return database(connection -> {
            try (var statement = connection.createStatement();
                 var rows = statement.executeQuery("SELECT count(*), coalesce(max(what), '-') FROM " + TABLE)) {
                rows.next();
                return rows.getInt(1) + " orders, one of them: " + rows.getString(2);
            }
        });
    }

    static String order(String what) throws SQLException {
        return database(connection -> {
            try (var statement = connection.prepareStatement("INSERT INTO " + TABLE + " (what) VALUES (?)")) {
                statement.setString(1, what);
                statement.executeUpdate();
                return "ordered: " + what;
            }
        });
    }

    static void answer(HttpExchange exchange) throws IOException {
        var body = new String(exchange.getRequestBody().readNBytes(1000), StandardCharsets.UTF_8).strip();
        int status = 200;
        String text;
        try {
            text = switch (exchange.getRequestURI().getPath()) {
                case "/healthy" -> "alive";
                case "/" -> exchange.getRequestMethod().equals("POST") ? order(body) : orders();
                default -> null;
            };
            if (text == null) {
                status = 404;
                text = "there is nothing here";
            }
        } catch (SQLException error) {
            status = 500;
            text = error.getMessage();
            System.err.println("shop " + VERSION + ": " + text);
        }
        var bytes = ("shop " + VERSION + " on " + InetAddress.getLocalHost().getHostName() + ": " + text + "\n")
            .getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "text/plain; charset=utf-8");
        // Whoever keeps a connection open is sent to another Pod in time. A client that asked for the end of the connection
        // has to hear it, too: Java's would keep it otherwise, and use it again while this side closes it (RFC 9112, 9.6).
        if (leaving || "close".equalsIgnoreCase(exchange.getRequestHeaders().getFirst("Connection")))
            exchange.getResponseHeaders().set("Connection", "close");
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    /** The database may need longer to start than the shop. */
    static void prepare() throws InterruptedException {
        for (int tries = 1;; tries++) {
            try {
                database(connection -> connection.createStatement().execute("CREATE TABLE IF NOT EXISTS orders"
                    + " (id INT AUTO_INCREMENT PRIMARY KEY, what VARCHAR(200) NOT NULL)"));
                return;
            } catch (SQLException error) {
                System.err.println("shop " + VERSION + " waits for its database: " + error.getMessage());
                if (tries == 60) System.exit(1);
                Thread.sleep(1000);
            }
        }
    }

    public static void main(String[] arguments) throws Exception {
        prepare();
        var server = HttpServer.create(new InetSocketAddress(8080), 128);
        var busy = new AtomicInteger();
        server.createContext("/", exchange -> {
            busy.incrementAndGet();
            try {
                answer(exchange);
            } finally {
                busy.decrementAndGet();
            }
        });
        server.setExecutor(Executors.newFixedThreadPool(16));
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            leaving = true;
            try {
                Thread.sleep(2000);
            } catch (InterruptedException stopped) {
                // There is nothing to wait for any more.
            }
            server.stop(1);
            System.out.println("shop " + VERSION + " says goodbye");
        }));
        server.start();
        System.out.println("shop " + VERSION + " is open");
    }
}
