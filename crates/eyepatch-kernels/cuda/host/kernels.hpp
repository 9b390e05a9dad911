// The kernels, compiled for the host, by their names.
#pragma once
#include "shim.hpp"

#include "../common.cuh"

#include "../coalition.cu"
#include "../compose.cu"
#include "../network.cu"
#include "../roi.cu"

#include <tuple>

// What one thread runs: the kernel with arguments that `arguments.next<T>()` gives, one for each parameter of type T.
template <typename Arguments, typename... P>
std::function<void()> call(void (*kernel)(P...), Arguments &arguments) {
    std::tuple<P...> values{arguments.template next<P>()...}; // braces: first to last
    arguments.end();
    return [kernel, values] { std::apply(kernel, values); };
}

template <typename Arguments> std::function<void()> call(const std::string &name, Arguments &arguments) {
#define KERNEL(NAME) \
    if (name == #NAME) return call(NAME, arguments)
    KERNEL(roi_rows);
    KERNEL(roi_levels);
    KERNEL(roi_sweep);
    KERNEL(roi_thresholds);
    KERNEL(compose_u8_f32_1);
    KERNEL(compose_u8_f32_3);
    KERNEL(compose_u8_u16_1);
    KERNEL(compose_u8_u16_3);
    KERNEL(compose_u16_f32_1);
    KERNEL(compose_u16_f32_3);
    KERNEL(compose_u16_u16_1);
    KERNEL(compose_u16_u16_3);
    KERNEL(compose_f32_f32_1);
    KERNEL(compose_f32_f32_3);
    KERNEL(compose_f32_u16_1);
    KERNEL(compose_f32_u16_3);
    KERNEL(composite_u16_f32);
    KERNEL(composite_u16_u16);
    KERNEL(composite_u32_f32);
    KERNEL(composite_u32_u16);
    KERNEL(coalition_columns);
    KERNEL(coalition_pairs);
    KERNEL(coalition_signed);
    KERNEL(composite_boxes);
    KERNEL(network_affine_1);
    KERNEL(network_affine_4);
    KERNEL(network_affine_mean_1);
    KERNEL(network_affine_mean_4);
    KERNEL(network_bias_1);
    KERNEL(network_bias_4);
    KERNEL(network_taps_1);
    KERNEL(network_taps_4);
    KERNEL(network_columns_1);
    KERNEL(network_columns_4);
    KERNEL(network_pool_1);
    KERNEL(network_pool_4);
    KERNEL(network_add_1);
    KERNEL(network_add_4);
    KERNEL(network_pixels);
    KERNEL(network_mean);
#undef KERNEL
    host::fail("no kernel " + name);
}
