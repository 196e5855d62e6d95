# A room is one folder below src/ and one library. It may include its own headers, those of the
# rooms that USES names, and the system's. tests/lint checks that against the list written here.
set(HOLDFAST_ROOMS_FILE ${CMAKE_BINARY_DIR}/rooms.txt)
file(WRITE ${HOLDFAST_ROOMS_FILE} "")

if(HOLDFAST_FUZZ)
  add_custom_target(fuzzers) # All of them, and no program or test.
endif()

# A room is compiled in one piece, as are its tests: most of the time goes into the standard library's
# templates, and a fresh build takes less than half the time. So two files of a room cannot each have a
# helper of one name. HOLDFAST_UNITY=OFF compiles file by file, for who works in a large room.
option(HOLDFAST_UNITY "Compile each room in one piece" ON)

# What is tested is compiled behind the headers that nearly every file includes, read once: this saves a third of a fresh
# build. What ships is compiled without, so a file that forgets an include is found there.
set(HOLDFAST_PRECOMPILE OFF)
if(HOLDFAST_SANITIZE AND NOT HOLDFAST_FUZZ)
  set(HOLDFAST_PRECOMPILE ON)
  # One form of code for libraries and programs, or the one could not read the other's.
  set(CMAKE_POSITION_INDEPENDENT_CODE OFF)
  add_compile_options(-fPIE)
  if(CMAKE_CXX_COMPILER_ID STREQUAL Clang)
    add_compile_options("SHELL:-Xclang -fno-pch-timestamp") # ccache knows them by their content.
  endif()
  file(WRITE ${CMAKE_BINARY_DIR}/common_headers.cpp "")
  add_library(common_headers OBJECT ${CMAKE_BINARY_DIR}/common_headers.cpp)
  target_precompile_headers(common_headers PRIVATE
    <algorithm> <chrono> <expected> <filesystem> <format> <fstream> <functional> <map> <memory> <optional>
    <set> <span> <string> <thread> <vector> <gmock/gmock.h> <gtest/gtest.h> <nlohmann/json.hpp>)
endif()

function(compile_in_one_piece target)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ${HOLDFAST_UNITY} UNITY_BUILD_BATCH_SIZE 0)
  if(HOLDFAST_PRECOMPILE)
    target_precompile_headers(${target} REUSE_FROM common_headers)
  endif()
endfunction()

# host_room(NAME update_tuf [USES base io …] SOURCES a.cpp … [TESTS a_test.cpp …]
#           [FUZZERS a_fuzz.cpp …] [LIBRARIES OpenSSL::Crypto …] [TEST_USES io_testing …])
function(host_room)
  cmake_parse_arguments(ROOM "" "NAME" "USES;SOURCES;TESTS;FUZZERS;LIBRARIES;TEST_USES" ${ARGN})
  add_library(${ROOM_NAME} STATIC ${ROOM_SOURCES})
  target_link_libraries(${ROOM_NAME} PUBLIC ${ROOM_USES} ${ROOM_LIBRARIES})
  compile_in_one_piece(${ROOM_NAME})
  file(RELATIVE_PATH folder ${CMAKE_SOURCE_DIR}/src ${CMAKE_CURRENT_SOURCE_DIR})
  string(REPLACE ";" " " uses "${ROOM_USES}")
  file(APPEND ${HOLDFAST_ROOMS_FILE} "${ROOM_NAME} ${folder} ${uses}\n")

  if(HOLDFAST_TESTS AND ROOM_TESTS)
    add_executable(${ROOM_NAME}_test ${ROOM_TESTS})
    target_link_libraries(${ROOM_NAME}_test ${ROOM_NAME} ${ROOM_TEST_USES} GTest::gtest_main
                          GTest::gmock)
    compile_in_one_piece(${ROOM_NAME}_test)
    add_test(NAME unit.${ROOM_NAME} COMMAND ${ROOM_NAME}_test
             WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
    set_tests_properties(unit.${ROOM_NAME} PROPERTIES LABELS unit TIMEOUT 300)
  endif()
  if(HOLDFAST_FUZZ)
    # Without this the fuzzer is blind to what its input does inside the room.
    target_compile_options(${ROOM_NAME} PRIVATE -fsanitize=fuzzer-no-link)
    foreach(fuzzer ${ROOM_FUZZERS})
      get_filename_component(target ${fuzzer} NAME_WE)
      add_executable(${target} ${fuzzer})
      target_compile_options(${target} PRIVATE -fsanitize=fuzzer)
      target_link_options(${target} PRIVATE -fsanitize=fuzzer)
      add_dependencies(fuzzers ${target})
      target_link_libraries(${target} ${ROOM_NAME})
    endforeach()
  endif()
endfunction()

# host_program(NAME apiserver USES api_server … SOURCES main.cpp): a program of the image or the SDK. Where
# tests are built with sanitizers, only what a test depends on is linked; the release build has all.
function(host_program)
  cmake_parse_arguments(PROGRAM "" "NAME" "USES;SOURCES" ${ARGN})
  add_executable(${PROGRAM_NAME} ${PROGRAM_SOURCES})
  target_link_libraries(${PROGRAM_NAME} ${PROGRAM_USES} io_posix)
  compile_in_one_piece(${PROGRAM_NAME})
  if(HOLDFAST_SANITIZE)
    set_target_properties(${PROGRAM_NAME} PROPERTIES EXCLUDE_FROM_ALL ON)
  endif()
endfunction()
