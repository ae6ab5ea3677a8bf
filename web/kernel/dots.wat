;; Sums of products of 16-bit integers, in 32 bits: the inner loop of every convolution.
;;
;; dots(a, b, c, runs, run, step, weights, out, pixels, outputs): for each pixel p and output o, the sum over the runs
;; of the products of `run` bytes of input, which begin at a + p step (then at b + p step, c + p step), with the weights
;; of o, which lie run after run. The sum is stored at out + 4 (o round4(pixels) + p). `run` is a multiple of 16 bytes,
;; `outputs` of 2, and inputs up to the next multiple of 4 pixels can be read. Sums are exact while they fit 32 bits.
(module
  (memory (export "memory") 1)
  (func (export "dots")
    (param $a i32) (param $b i32) (param $c i32) (param $runs i32) (param $run i32) (param $step i32)
    (param $w i32) (param $out i32) (param $pixels i32) (param $outputs i32)
    (local $o i32) (local $p i32) (local $r i32) (local $end i32) (local $x i32) (local $v i32) (local $u i32)
    (local $size i32) (local $s2 i32) (local $s3 i32) (local $line i32)
    (local $w0 v128) (local $w1 v128) (local $t v128)
    (local $a0 v128) (local $a1 v128) (local $a2 v128) (local $a3 v128)
    (local $b0 v128) (local $b1 v128) (local $b2 v128) (local $b3 v128)
    (local.set $size (i32.mul (local.get $runs) (local.get $run)))
    (local.set $s2 (i32.mul (local.get $step) (i32.const 2)))
    (local.set $s3 (i32.mul (local.get $step) (i32.const 3)))
    (local.set $line
      (i32.shl (i32.and (i32.add (local.get $pixels) (i32.const 3)) (i32.const -4)) (i32.const 2)))
    (loop $outs
      (local.set $p (i32.const 0))
      (loop $blocks
        (local.set $a0 (v128.const i32x4 0 0 0 0)) (local.set $a1 (v128.const i32x4 0 0 0 0))
        (local.set $a2 (v128.const i32x4 0 0 0 0)) (local.set $a3 (v128.const i32x4 0 0 0 0))
        (local.set $b0 (v128.const i32x4 0 0 0 0)) (local.set $b1 (v128.const i32x4 0 0 0 0))
        (local.set $b2 (v128.const i32x4 0 0 0 0)) (local.set $b3 (v128.const i32x4 0 0 0 0))
        (local.set $v (local.get $w))
        (local.set $u (i32.add (local.get $w) (local.get $size)))
        (local.set $r (i32.const 0))
        (loop $lines
          (local.set $x
            (i32.add
              (i32.mul (local.get $p) (local.get $step))
              (select
                (local.get $a)
                (select (local.get $b) (local.get $c) (i32.eq (local.get $r) (i32.const 1)))
                (i32.eqz (local.get $r)))))
          (local.set $end (i32.add (local.get $v) (local.get $run)))
          (loop $taps
            (local.set $w0 (v128.load (local.get $v)))
            (local.set $w1 (v128.load (local.get $u)))
            (local.set $t (v128.load (local.get $x)))
            (local.set $a0 (i32x4.add (local.get $a0) (i32x4.dot_i16x8_s (local.get $t) (local.get $w0))))
            (local.set $b0 (i32x4.add (local.get $b0) (i32x4.dot_i16x8_s (local.get $t) (local.get $w1))))
            (local.set $t (v128.load (i32.add (local.get $x) (local.get $step))))
            (local.set $a1 (i32x4.add (local.get $a1) (i32x4.dot_i16x8_s (local.get $t) (local.get $w0))))
            (local.set $b1 (i32x4.add (local.get $b1) (i32x4.dot_i16x8_s (local.get $t) (local.get $w1))))
            (local.set $t (v128.load (i32.add (local.get $x) (local.get $s2))))
            (local.set $a2 (i32x4.add (local.get $a2) (i32x4.dot_i16x8_s (local.get $t) (local.get $w0))))
            (local.set $b2 (i32x4.add (local.get $b2) (i32x4.dot_i16x8_s (local.get $t) (local.get $w1))))
            (local.set $t (v128.load (i32.add (local.get $x) (local.get $s3))))
            (local.set $a3 (i32x4.add (local.get $a3) (i32x4.dot_i16x8_s (local.get $t) (local.get $w0))))
            (local.set $b3 (i32x4.add (local.get $b3) (i32x4.dot_i16x8_s (local.get $t) (local.get $w1))))
            (local.set $x (i32.add (local.get $x) (i32.const 16)))
            (local.set $v (i32.add (local.get $v) (i32.const 16)))
            (local.set $u (i32.add (local.get $u) (i32.const 16)))
            (br_if $taps (i32.lt_u (local.get $v) (local.get $end))))
          (local.set $r (i32.add (local.get $r) (i32.const 1)))
          (br_if $lines (i32.lt_u (local.get $r) (local.get $runs))))
        (call $store
          (i32.add (local.get $out) (i32.shl (local.get $p) (i32.const 2)))
          (local.get $a0) (local.get $a1) (local.get $a2) (local.get $a3))
        (call $store
          (i32.add (i32.add (local.get $out) (local.get $line)) (i32.shl (local.get $p) (i32.const 2)))
          (local.get $b0) (local.get $b1) (local.get $b2) (local.get $b3))
        (local.set $p (i32.add (local.get $p) (i32.const 4)))
        (br_if $blocks (i32.lt_u (local.get $p) (local.get $pixels))))
      (local.set $w (i32.add (local.get $w) (i32.mul (local.get $size) (i32.const 2))))
      (local.set $out (i32.add (local.get $out) (i32.mul (local.get $line) (i32.const 2))))
      (local.set $o (i32.add (local.get $o) (i32.const 2)))
      (br_if $outs (i32.lt_u (local.get $o) (local.get $outputs)))))
  ;; The sums of four vectors' lanes, as four lanes.
  (func $store (param $at i32) (param $a v128) (param $b v128) (param $c v128) (param $d v128)
    (local $e v128) (local $f v128)
    (local.set $e (i32x4.add
      (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $a) (local.get $b))
      (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $a) (local.get $b))))
    (local.set $f (i32x4.add
      (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $c) (local.get $d))
      (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $c) (local.get $d))))
    (v128.store (local.get $at) (i32x4.add
      (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $e) (local.get $f))
      (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $e) (local.get $f))))))
