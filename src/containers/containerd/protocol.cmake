# containerd's gRPC protocol, generated from the .proto files of Debian's -dev package into the build
# tree. The lite runtime is enough: nobody here needs reflection, and it halves what is linked.
set(protocol_source /usr/share/gocode/src)
set(protocol_root github.com/containerd/containerd)
set(protocol_output ${CMAKE_CURRENT_BINARY_DIR}/protocol)
file(MAKE_DIRECTORY ${protocol_output})

set(protocol_services containers content images leases snapshots streaming tasks transfer version)
set(protocol_messages
  ${protocol_root}/api/types/descriptor
  ${protocol_root}/api/types/fieldpath
  ${protocol_root}/api/types/metrics
  ${protocol_root}/api/types/mount
  ${protocol_root}/api/types/platform
  ${protocol_root}/api/types/task/task
  ${protocol_root}/api/types/transfer/imagestore
  ${protocol_root}/api/types/transfer/importexport
  ${protocol_root}/api/types/transfer/registry
  ${protocol_root}/api/types/transfer/streaming
  ${protocol_root}/runtime/v2/runc/options/oci
  google/protobuf/any
  google/protobuf/empty
  google/protobuf/field_mask
  google/protobuf/timestamp)

set(protocol_files)
set(protocol_sources)
foreach(name ${protocol_messages})
  list(APPEND protocol_files ${name}.proto)
  list(APPEND protocol_sources ${protocol_output}/${name}.pb.cc)
endforeach()
set(protocol_service_files)
foreach(name ${protocol_services})
  set(path ${protocol_root}/api/services/${name}/v1/${name})
  list(APPEND protocol_files ${path}.proto)
  list(APPEND protocol_service_files ${path}.proto)
  list(APPEND protocol_sources ${protocol_output}/${path}.pb.cc
                               ${protocol_output}/${path}.grpc.pb.cc)
endforeach()

find_program(PROTOC protoc REQUIRED)
find_program(GRPC_CPP_PLUGIN grpc_cpp_plugin REQUIRED)
add_custom_command(
  OUTPUT ${protocol_sources}
  COMMAND ${PROTOC} -I${protocol_source} -I/usr/include --cpp_out=lite:${protocol_output}
          ${protocol_files}
  COMMAND ${PROTOC} -I${protocol_source} -I/usr/include --grpc_out=${protocol_output}
          --plugin=protoc-gen-grpc=${GRPC_CPP_PLUGIN} ${protocol_service_files}
  VERBATIM)

# Static and without TLS: the peer is a Unix socket of this machine. A static link drops what is
# not called, and the image needs none of the two dozen shared libraries that gRPC brings.
find_package(absl REQUIRED)
add_library(containerd_protocol STATIC ${protocol_sources})
target_include_directories(containerd_protocol SYSTEM PUBLIC ${protocol_output})
set_target_properties(containerd_protocol PROPERTIES UNITY_BUILD ${HOLDFAST_UNITY}
                      UNITY_BUILD_BATCH_SIZE 0)
# It extends the options of files, which the lite runtime does not have; by itself nothing links it.
set_source_files_properties(${protocol_output}/${protocol_root}/api/types/fieldpath.pb.cc
                            PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
# Generated code: no warnings, and no sanitizers, under which it takes minutes to compile.
target_compile_options(containerd_protocol PRIVATE -w -fno-sanitize=all -O1 -g0)
execute_process(COMMAND ${PKG_CONFIG_EXECUTABLE} --static --libs-only-l grpc++_unsecure
                OUTPUT_VARIABLE grpc_libraries OUTPUT_STRIP_TRAILING_WHITESPACE
                COMMAND_ERROR_IS_FATAL ANY)
separate_arguments(grpc_libraries UNIX_COMMAND "${grpc_libraries}")
list(REMOVE_DUPLICATES grpc_libraries)
target_link_libraries(containerd_protocol PUBLIC
  -Wl,-Bstatic -Wl,--start-group ${grpc_libraries} -laddress_sorting -lcares -lupb -lre2
  -lprotobuf-lite -Wl,--end-group -Wl,-Bdynamic -lz)
