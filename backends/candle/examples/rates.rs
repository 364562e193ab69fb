//! Rates of gradient and Hessian products against the matrix-product ceiling, in one run.
use hesse_core::SecondOrderBackend;
use hesse_core::backend::{BackendRequest, Feed, HostTensor};
use hesse_core::graph::{Conv2d, Graph, GraphBuilder, Mode};
use hesse_core::loss::Loss;
use hesse_core::operator::Weights;
use hesse_core::program::Problem;
use hesse_core::vectors::Precision;
use std::time::Instant;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn ceiling() -> f64 {
    let n = 2000usize;
    let (a, b, mut c) = (vec![1f32; n * n], vec![1f32; n * n], vec![0f32; n * n]);
    let mut rates: Vec<f64> = (0..7)
        .map(|_| {
            let t = Instant::now();
            // SAFETY: three dense n × n matrices.
            unsafe {
                gemm::gemm(
                    n,
                    n,
                    n,
                    c.as_mut_ptr(),
                    1,
                    n as isize,
                    false,
                    a.as_ptr(),
                    1,
                    n as isize,
                    b.as_ptr(),
                    1,
                    n as isize,
                    0.0,
                    1.0,
                    false,
                    false,
                    false,
                    gemm::Parallelism::Rayon(0),
                );
            }
            2.0 * (n as f64).powi(3) / t.elapsed().as_secs_f64() / 1e9
        })
        .collect();
    rates.sort_by(f64::total_cmp);
    rates[3]
}

fn c1() -> Result<(Graph, Vec<usize>, f64)> {
    let mut g = GraphBuilder::new(Mode::Eval);
    let mut x = g.samples(&[3, 32, 32])?;
    for i in 1..=2 {
        x = g.conv2d(&format!("conv{i}"), x, 64, &Conv2d::kernel(5).padding(2))?;
        x = g.relu(x)?;
        x = g.batch_norm(&format!("bn{i}"), x)?;
        x = g.max_pool(x, 3, 2, 1)?;
    }
    x = g.flatten(x)?;
    for (i, n) in [384, 192].into_iter().enumerate() {
        x = g.linear(&format!("fc{i}"), x, n)?;
        x = g.relu(x)?;
    }
    x = g.linear("fc3", x, 10)?;
    Ok((g.finish(x)?, vec![3, 32, 32], 65.9e6))
}

fn m1() -> Result<(Graph, Vec<usize>, f64)> {
    let mut g = GraphBuilder::new(Mode::Eval);
    let mut x = g.samples(&[1, 28, 28])?;
    for (i, n) in [20, 50].into_iter().enumerate() {
        x = g.conv2d(&format!("conv{i}"), x, n, &Conv2d::kernel(5))?;
        x = g.relu(x)?;
        x = g.max_pool(x, 2, 2, 0)?;
    }
    x = g.flatten(x)?;
    x = g.linear("fc1", x, 500)?;
    x = g.relu(x)?;
    x = g.linear("fc2", x, 10)?;
    Ok((g.finish(x)?, vec![1, 28, 28], 4.6e6))
}

fn resnet20() -> Result<(Graph, Vec<usize>, f64)> {
    let mut g = GraphBuilder::new(Mode::Eval);
    let mut x = g.samples(&[3, 32, 32])?;
    x = g.conv2d("conv1", x, 16, &Conv2d::kernel(3).padding(1).no_bias())?;
    x = g.batch_norm("bn1", x)?;
    x = g.relu(x)?;
    let mut c = 16;
    for (l, n) in [16, 32, 64].into_iter().enumerate() {
        for b in 0..3 {
            let s = if l > 0 && b == 0 { 2 } else { 1 };
            let mut y = g.conv2d(&format!("{l}.{b}.conv1"), x, n, &Conv2d::kernel(3).padding(1).stride(s).no_bias())?;
            y = g.batch_norm(&format!("{l}.{b}.bn1"), y)?;
            y = g.relu(y)?;
            y = g.conv2d(&format!("{l}.{b}.conv2"), y, n, &Conv2d::kernel(3).padding(1).no_bias())?;
            y = g.batch_norm(&format!("{l}.{b}.bn2"), y)?;
            if n != c {
                let h = g.size(x, 2)?;
                x = g.slice(x, 2, 0, h, 2)?;
                x = g.slice(x, 3, 0, h, 2)?;
                x = g.pad(x, 1, n / 4, n / 4)?;
                c = n;
            }
            x = g.add(x, y)?;
            x = g.relu(x)?;
        }
    }
    x = g.global_average_pool(x)?;
    x = g.linear("linear", x, 10)?;
    Ok((g.finish(x)?, vec![3, 32, 32], 81.6e6))
}

fn main() -> Result<()> {
    let request = BackendRequest { device: "cpu".into(), precision: Precision::F32, threads: None };
    let backend = hesse_candle::CandleBackend::new(&request)?;
    let top = ceiling();
    println!("ceiling {top:.0} GFLOP/s");
    for (name, (graph, shape, flops), batch) in [("c1", c1()?, 128), ("resnet20", resnet20()?, 128), ("m1", m1()?, 512)]
    {
        let problem = Problem::new(graph, &Loss::default())?;
        let (p, b) = Weights::initial(problem.graph(), 1);
        let weights = Weights::upload(&backend, problem.graph(), &p, &b)?;
        let n = batch * shape.iter().product::<usize>();
        let samples = backend.upload(&HostTensor::Real((0..n).map(|i| (i * 7919 % 1000) as f64 / 1000.0).collect()))?;
        let labels = backend.upload(&HostTensor::Index((0..batch as u32).map(|i| i % 10).collect()))?;
        let feed = Feed {
            parameters: Some(weights.parameters.all()),
            buffers: weights.buffers.as_ref().map(|b| b.all()),
            samples: Some(&samples),
            labels: Some(&labels),
            ..Feed::default()
        };
        let wrt = problem.all_parameters();
        let space = backend.space(problem.dimension(&wrt).at(0), Precision::F32);
        let mut v = space.zeros(1)?;
        space.write(&mut v, 0, &(0..space.dimension()).map(|i| (i as f64).sin()).collect::<Vec<_>>())?;
        let mut out = space.zeros(1)?;
        let mut gradient = backend.compile(&problem.gradient(&wrt)?, batch)?;
        let product = problem.hessian(&wrt)?;
        let mut primal = backend.compile(&product.primal, batch)?;
        let mut tangent = backend.compile(&product.tangent, batch)?;
        let mut saved = primal.new_saved()?;
        let median = |f: &mut dyn FnMut() -> Result<()>| -> Result<f64> {
            let mut t = Vec::new();
            for _ in 0..7 {
                let s = Instant::now();
                f()?;
                t.push(s.elapsed().as_secs_f64());
            }
            t.sort_by(f64::total_cmp);
            Ok(t[3])
        };
        let tg = median(&mut || Ok(drop(gradient.run(&feed, Some(out.all_mut()), None)?)))?;
        let tp = median(&mut || Ok(drop(primal.run(&feed, None, Some(&mut saved))?)))?;
        let mut with = feed.clone();
        with.direction = Some(v.all());
        with.saved = Some(&saved);
        let th = median(&mut || Ok(drop(tangent.run(&with, Some(out.all_mut()), None)?)))?;
        let gf = flops * batch as f64 / 1e9;
        let mem = |b: usize| b as f64 / 1048576.0;
        println!(
            "{name}/{batch}: gradient {:.0} ms ({:.0} % of ceiling as 3 F), primal {:.0} ms, H·v {:.0} ms ({:.0} % as 6 F), ratio {:.2}; memory gradient {:.0} MiB, product {:.0} MiB (kept {:.0}), ratio {:.2}",
            tg * 1e3,
            3.0 * gf / tg / top * 100.0,
            tp * 1e3,
            th * 1e3,
            6.0 * gf / th / top * 100.0,
            th / tg,
            mem(gradient.workspace_bytes()),
            mem(primal.workspace_bytes() + tangent.workspace_bytes() + saved.bytes()),
            mem(saved.bytes()),
            (primal.workspace_bytes() + tangent.workspace_bytes() + saved.bytes()) as f64
                / gradient.workspace_bytes() as f64,
        );
    }
    Ok(())
}
