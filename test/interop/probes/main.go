// The kubelet's own gRPC prober, as a command: prober <host> <port> <service>. Prints its verdict.
package main

import (
	"fmt"
	"os"
	"strconv"
	"time"

	"k8s.io/kubernetes/pkg/probe/grpc"
)

func main() {
	port, err := strconv.Atoi(os.Args[2])
	if err != nil {
		panic(err)
	}
	result, message, err := grpc.New().Probe(os.Args[1], os.Args[3], port, 10*time.Second, grpc.ProbeOptions{})
	fmt.Println(result, message, err)
}
