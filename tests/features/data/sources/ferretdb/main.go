// A private server of MongoDB's protocol over SQLite, for the tests of the connector: FerretDB, embedded.
//
// The argument is a folder that it may fill. It listens on a free port of loopback, prints its address once
// it answers, and ends with its standard input.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"

	"github.com/FerretDB/FerretDB/ferretdb"
)

func main() {
	server, err := ferretdb.New(&ferretdb.Config{
		Listener:  ferretdb.ListenerConfig{TCP: "127.0.0.1:0"},
		Handler:   "sqlite",
		SQLiteURL: "file:" + filepath.Clean(os.Args[1]) + "/",
	})
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- server.Run(ctx) }()
	fmt.Println(server.MongoDBURI())
	_, _ = io.Copy(io.Discard, os.Stdin)
	stop()
	<-ended
}
