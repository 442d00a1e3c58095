import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import java.io.FileInputStream;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;

/**
 * MongoDB's protocol in memory, on free ports of loopback; it ends when its standard input does.
 *
 * The first port is in the clear; each keystore that is named after its password has one more, under TLS.
 */
public class PrivateMongo {
    public static void main(String[] arguments) throws Exception {
        MemoryBackend backend = new MemoryBackend();
        backend.version(new MongoVersion() {
            public List<Integer> getVersionArray() { return List.of(5, 0, 0); }
            public int getWireVersion() { return 13; }
        });
        List<MongoServer> servers = new ArrayList<>();
        servers.add(new MongoServer(backend));
        for (int each = 1; each < arguments.length; each++) {
            servers.add(protectedBy(backend, arguments[each], arguments[0]));
        }
        for (MongoServer server : servers) {
            System.out.println(server.bind().getPort());
        }
        while (System.in.read() >= 0) { }
        for (MongoServer server : servers) {
            server.shutdownNow();
        }
    }

    private static MongoServer protectedBy(MemoryBackend backend, String path, String password) throws Exception {
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (FileInputStream file = new FileInputStream(path)) {
            keys.load(file, password.toCharArray());
        }
        String name = keys.aliases().nextElement();
        MongoServer server = new MongoServer(backend);
        server.enableSsl(
            (PrivateKey) keys.getKey(name, password.toCharArray()), null, (X509Certificate) keys.getCertificate(name));
        return server;
    }
}
