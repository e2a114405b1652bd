import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URL;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/**
 * Customers of the shop, until it is stopped: `Load URL CUSTOMERS`. Half of them keep their connections, half make a new
 * one for each request; every second request is an order. A request that is not answered with 200 has failed, and is
 * not tried again. Each second one line of JSON says what there was up to now.
 */
public class Load {
    static final LongAdder good = new LongAdder(), failed = new LongAdder();
    static final AtomicLong slowest = new AtomicLong();
    static final ConcurrentSkipListMap<String, LongAdder> versions = new ConcurrentSkipListMap<>();

    static void request(String url, int customer, int number) {
        var start = System.nanoTime();
        try {
            var connection = (HttpURLConnection) new URL(url).openConnection();
            connection.setConnectTimeout(5000);
            connection.setReadTimeout(10000);
            if (customer % 2 == 0) connection.setRequestProperty("Connection", "close");
            if (number % 2 == 0) {
                connection.setDoOutput(true);
                // A body of a known length is sent once only: Java would repeat other requests silently.
                var order = ("book " + customer + "/" + number).getBytes();
                connection.setFixedLengthStreamingMode(order.length);
                connection.getOutputStream().write(order);
            }
            int status = connection.getResponseCode();
            try (var stream = status < 400 ? connection.getInputStream() : connection.getErrorStream()) {
                var text = new String(stream.readAllBytes());
                if (status != 200) throw new IOException(status + ": " + text.strip());
                versions.computeIfAbsent(text.split(" ")[1], version -> new LongAdder()).increment();
            }
            good.increment();
        } catch (IOException error) {
            failed.increment();
            System.out.println("failed: " + error);
        }
        slowest.accumulateAndGet((System.nanoTime() - start) / 1_000_000, Math::max);
    }

    public static void main(String[] arguments) throws InterruptedException {
        for (int i = 0; i < Integer.parseInt(arguments[1]); i++) {
            int customer = i;
            var thread = new Thread(() -> {
                for (int number = 1;; number++) {
                    request(arguments[0], customer, number);
                    try {
                        Thread.sleep(20);
                    } catch (InterruptedException stopped) {
                        return;
                    }
                }
            });
            thread.setDaemon(true);
            thread.start();
        }
        while (true) {
            Thread.sleep(1000);
            var shares = new TreeMap<String, Long>();
            versions.forEach((version, count) -> shares.put("\"" + version + "\"", count.sum()));
            System.out.println("{\"good\": " + good + ", \"failed\": " + failed + ", \"slowest_ms\": " + slowest
                + ", \"versions\": " + shares.toString().replace('=', ':') + "}");
        }
    }
}
