import java.net.URI;
import java.util.Map;
import org.neo4j.configuration.GraphDatabaseSettings;
import org.neo4j.harness.Neo4j;
import org.neo4j.harness.Neo4jBuilders;

/** Neo4j on a free port of loopback, its login `neo4j`; it ends when its standard input does. */
public class PrivateNeo4j {
    public static void main(String[] arguments) throws Exception {
        try (Neo4j server = Neo4jBuilders.newInProcessBuilder()
                .withDisabledServer()
                .withConfig(GraphDatabaseSettings.auth_enabled, true)
                .build()) {
            URI place = server.boltURI();
            System.out.println(place.getPort());
            while (System.in.read() >= 0) { }
        }
    }
}
