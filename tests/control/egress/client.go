// A client in another language, for a test: it knows nothing of how its connections are made.
package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
)

func talk(host, port string) error {
	connection, err := net.Dial("tcp", net.JoinHostPort(host, port))
	if err != nil {
		return err
	}
	defer connection.Close()
	if _, err = connection.Write([]byte("hello from go")); err != nil {
		return err
	}
	_, err = io.ReadFull(connection, make([]byte, 5))
	return err
}

func main() {
	count, _ := strconv.Atoi(os.Args[3])
	done := make(chan error)
	for i := 0; i < count; i++ {
		go func() { done <- talk(os.Args[1], os.Args[2]) }()
		if i%8 == 7 {
			for j := 0; j < 8; j++ {
				if err := <-done; err != nil {
					fmt.Println(err)
				}
			}
		}
	}
	_, err := net.Dial("tcp", "127.0.0.9:9")
	fmt.Println(count, err)
}
