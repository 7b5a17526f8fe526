// SPDX-License-Identifier: BSL-1.0
// Does nothing: what the start of any program costs.
int main() {}
