// Copyright (c) 2026 the gantry.platform authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// Applies a file of Kubernetes documents once with Flux's engine, the way its controllers do, and prints what it did by action.
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"os"

	"github.com/fluxcd/cli-utils/pkg/kstatus/polling"
	"github.com/fluxcd/pkg/ssa"
	"github.com/fluxcd/pkg/ssa/normalize"
	ssautils "github.com/fluxcd/pkg/ssa/utils"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

func main() {
	kubeconfig := flag.String("kubeconfig", "", "the cluster")
	documents := flag.String("documents", "", "file of YAML or JSON documents")
	concurrency := flag.Int("concurrency", 8, "objects at a time")
	flag.Parse()
	if err := apply(*kubeconfig, *documents, *concurrency); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func apply(kubeconfig, documents string, concurrency int) error {
	log.SetLogger(log.Log)
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	config.UserAgent = "flux-ssa"
	// No brake on the client's side: the controllers' own limits would make this peer look slower than its engine is.
	config.QPS = -1
	http, err := rest.HTTPClientFor(config)
	if err != nil {
		return err
	}
	mapper, err := apiutil.NewDynamicRESTMapper(config, http)
	if err != nil {
		return err
	}
	kube, err := client.New(config, client.Options{HTTPClient: http, Mapper: mapper})
	if err != nil {
		return err
	}
	file, err := os.Open(documents)
	if err != nil {
		return err
	}
	defer file.Close()
	objects, err := ssautils.ReadObjects(bufio.NewReader(file))
	if err != nil {
		return err
	}
	manager := ssa.NewResourceManager(kube, polling.NewStatusPoller(kube, mapper, polling.Options{}), ssa.Owner{Field: "flux-ssa", Group: "benchmark.gantry.dev"})
	manager.SetOwnerLabels(objects, "bench", "default")
	manager.SetConcurrency(concurrency)
	if err := normalize.UnstructuredList(objects); err != nil {
		return err
	}
	changes, err := manager.ApplyAllStaged(context.Background(), objects, ssa.DefaultApplyOptions())
	if err != nil {
		return err
	}
	counts := map[ssa.Action]int{}
	for _, entry := range changes.Entries {
		counts[entry.Action]++
	}
	fmt.Println(counts)
	return nil
}
