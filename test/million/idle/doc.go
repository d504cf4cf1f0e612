// Idle opens very many connections that join one room and then say nothing but pongs, from one
// process and as many loopback addresses as their ports need. It holds them for a whole round of
// pings, has one message sent that must reach each exactly once, and reports what all this costs
// the server and the kernel. It is what make million runs inside its virtual machine, beside
// throng serve; docs/million.md tells how to run it on a real one.
package main
